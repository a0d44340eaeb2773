import CausewayCore
import CausewayIngest
import CausewayStore

/// Reads any bytes as a file.
///
/// The first byte chooses options, the second the size of the pieces that the rest arrives in and, with its upper half,
/// further options. Rows and rejected rows
/// must be the same as when all arrives at once; every row must be numbered, its cells lie in the batch's text
/// and be valid UTF-8; and reading must go on from a checkpoint as if it had not stopped.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzFiles(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count >= 2 else { return 0 }
    let options = options(start[0], start[1] >> 4)
    let content = Array(UnsafeBufferPointer(start: start + 2, count: count - 2))
    let whole = Outcome(content, options, pieces: max(1, content.count), resume: nil)
    let pieces = Outcome(content, options, pieces: max(1, Int(start[1])), resume: nil)
    precondition((whole.failure == nil) == (pieces.failure == nil), "how a file ends depends on how it arrives")
    guard whole.failure == nil else {
        // How much comes out before a damage does depend on it, what comes out does not.
        let count = min(whole.rows.count, pieces.rows.count)
        precondition(whole.rows.prefix(count) == pieces.rows.prefix(count), "rows before a damage differ")
        return 0
    }
    precondition(whole == pieces, "what a file holds depends on how it arrives")
    guard let checkpoint = whole.checkpoints.first else { return 0 }
    let rest = Outcome(content, options, pieces: 64, resume: checkpoint)
    precondition(rest.failure == nil, "a file that ends well does not when it is resumed")
    precondition(rest.rows == Array(whole.rows.suffix(rest.rows.count)), "resumed, a file has other rows")
    precondition(rest.rejected == Array(whole.rejected.suffix(rest.rejected.count)), "resumed, it has other faults")
    let all = whole.rows.count + whole.rejected.count
    precondition(Int(checkpoint.rows) + rest.rows.count + rest.rejected.count == all, "rows are lost or doubled")
    return 0
}

private func options(_ choice: UInt8, _ more: UInt8) -> FileFormatOptions {
    var options = FileFormatOptions()
    options.batchRows = choice & 1 == 0 ? 2 : 1_000
    options.maximumRowBytes = choice & 2 == 0 ? 64 : 4 << 20
    options.maximumContentBytes = 4 << 20
    if choice & 4 != 0 { options.delimiter = UInt8(ascii: ",") }
    if choice & 8 != 0 { options.hasHeader = false }
    let encodings: [FileFormatOptions.EncodingOption?] = [
        nil, .utf16, .fixed(.utf8), .fixed(.latin1), .fixed(.windows1252), .fixed(.utf16BigEndian), nil, nil,
    ]
    options.encoding = encodings[Int(choice >> 4) & 7]
    if choice & 128 != 0 { options.nullTokens = ["NULL", "-"] }
    if more & 1 != 0 { options.escape = UInt8(ascii: "\\") }
    if more & 2 != 0 { options.comment = UInt8(ascii: "#") }
    switch more >> 2 {
    case 1: options.raggedRows = .pad
    case 2: options.raggedRows = .truncate
    case 3: (options.skipRows, options.trimsValues) = (1, true)
    default: break
    }
    return options
}

/// What came of a file.
private struct Outcome: Equatable {
    struct Row: Equatable {
        var number: Int64
        var line: Int64
        var cells: [String?]
    }

    var rows: [Row] = []
    var rejected: [RejectedRow] = []
    var types: [FieldType?] = []
    var failure: String?
    var checkpoints: [FileCheckpoint] = []

    static func == (a: Self, b: Self) -> Bool {
        a.rows == b.rows && a.rejected == b.rejected && a.failure == b.failure && a.types == b.types
    }

    init(_ content: [UInt8], _ options: FileFormatOptions, pieces: Int, resume: FileCheckpoint?) {
        do throws(CausewayError) {
            var reader = try FileRowReader(options: options, resume: resume)
            for start in stride(from: Int(resume?.sourceOffset ?? 0), to: content.count, by: pieces) {
                reader.feed(Array(content[start..<min(start + pieces, content.count)]))
                while let batch = try reader.nextBatch() { add(batch) }
            }
            reader.finish()
            while let batch = try reader.nextBatch() { add(batch) }
        } catch {
            failure = error.reason
        }
    }

    private mutating func add(_ batch: ParsedBatch) {
        let rows = batch.rows
        precondition(rows.columnCount == batch.header.count && Set(batch.header).count == batch.header.count)
        for row in 0..<rows.rowCount {
            let cells = (0..<rows.columnCount).map { column in
                rows.bytes(row: row, column: column).map { bytes -> String in
                    guard let text = String(validating: bytes, as: UTF8.self) else {
                        preconditionFailure("a cell is not UTF-8")
                    }
                    return text
                }
            }
            self.rows.append(Row(number: rows.sourceRows[row], line: rows.lines[row], cells: cells))
        }
        rejected += batch.rejected
        checkpoints.append(batch.checkpoint)
        var proposer = TypeProposer(columnCount: rows.columnCount)
        proposer.observe(rows)
        if checkpoints.count == 1 { types = proposer.types }
    }
}
