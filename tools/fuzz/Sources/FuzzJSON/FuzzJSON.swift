import CausewayCore
import CausewayIngest
import CausewayStore

/// Reads any bytes as a file of JSON.
///
/// The first byte chooses options, the second the size of the pieces that the rest arrives in. What comes out must be
/// the same as when all arrives at once, also how the file ends; every cell must lie in the batch's text and be valid
/// UTF-8 without NUL; and from any checkpoint on reading must give exactly the rows that follow.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJSON(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count >= 2 else { return 0 }
    let options = options(start[0])
    let content = Array(UnsafeBufferPointer(start: start + 2, count: count - 2))
    let whole = Outcome(content, options, pieces: max(1, content.count), resume: nil)
    let pieces = Outcome(content, options, pieces: max(1, Int(start[1])), resume: nil)
    guard !whole.isDamaged, !pieces.isDamaged else {
        // How much comes out before a damage depends on how it arrives, what comes out does not.
        let count = min(whole.rows.count, pieces.rows.count)
        precondition(whole.rows.prefix(count) == pieces.rows.prefix(count), "rows before a damage differ")
        return 0
    }
    precondition(whole == pieces, "what a file holds depends on how it arrives")
    for checkpoint in whole.checkpoints.prefix(3) {
        let rest = Outcome(content, options, pieces: 64, resume: checkpoint)
        precondition((rest.failure == nil) == (whole.failure == nil), "resumed, a file ends in another way")
        precondition(rest.rows == Array(whole.rows.suffix(rest.rows.count)), "resumed, a file has other rows")
        guard whole.failure == nil else { continue }
        precondition(rest.rejected == Array(whole.rejected.suffix(rest.rejected.count)), "resumed, it has other faults")
        let all = whole.rows.count + whole.rejected.count
        precondition(Int(checkpoint.rows) + rest.rows.count + rest.rejected.count == all, "rows are lost or doubled")
    }
    return 0
}

private func options(_ choice: UInt8) -> FileFormatOptions {
    var options = FileFormatOptions()
    options.format = choice & 1 == 0 ? .jsonLines : .json
    options.nested = choice & 2 == 0 ? .flatten : .json
    options.batchRows = choice & 4 == 0 ? 1 : 1_000
    options.maximumRowBytes = choice & 8 == 0 ? 64 : 4 << 20
    options.maximumColumns = choice & 16 == 0 ? 4 : 4_096
    options.maximumContentBytes = 4 << 20
    options.encoding = choice & 32 == 0 ? .fixed(.utf8) : choice & 64 == 0 ? .utf16 : .fixed(.latin1)
    if choice & 128 != 0 {
        options.nullTokens = ["-1", "x"]
        options.primaryKey = ["a"]
    }
    return options
}

/// What came of a file.
private struct Outcome: Equatable {
    struct Row: Equatable {
        var number: Int64
        var line: Int64
        /// By label.
        var values: [String: String]
    }

    var rows: [Row] = []
    var rejected: [RejectedRow] = []
    var header: [String] = []
    var failure: String?
    /// It cannot be unpacked, or its end is not JSON's doing.
    var isDamaged = false
    var checkpoints: [FileCheckpoint] = []

    static func == (a: Self, b: Self) -> Bool {
        a.rows == b.rows && a.rejected == b.rejected && a.failure == b.failure && a.header == b.header
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
            failure = error.message
            isDamaged = error.reason != "INVALID_JSON_FILE"
        }
    }

    private mutating func add(_ batch: ParsedBatch) {
        let rows = batch.rows
        precondition(rows.columnCount == batch.header.count && Set(batch.header).count == batch.header.count)
        precondition(batch.header.starts(with: header), "a column went away")
        precondition(batch.checkpoint.format.header == batch.header)
        header = batch.header
        for row in 0..<rows.rowCount {
            var values: [String: String] = [:]
            for column in 0..<rows.columnCount {
                guard let bytes = rows.bytes(row: row, column: column) else { continue }
                guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
                    preconditionFailure("a cell is no text")
                }
                values[batch.header[column]] = text
            }
            self.rows.append(Row(number: rows.sourceRows[row], line: rows.lines[row], values: values))
        }
        rejected += batch.rejected
        checkpoints.append(batch.checkpoint)
        var proposer = TypeProposer(columnCount: rows.columnCount)
        proposer.observe(rows)
    }
}
