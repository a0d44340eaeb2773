import CausewayCore
import CausewayStore

@testable import CausewayIngest

/// All that a file gave.
struct Outcome: Equatable {
    var header: [String] = []
    var rows: [[String?]] = []
    var sourceRows: [Int64] = []
    var lines: [Int64] = []
    var rejected: [RejectedRow] = []
    var reasons: [RejectedRow.Reason] { rejected.map(\.reason) }

    mutating func add(_ batch: ParsedBatch) {
        if header.count < batch.header.count {
            // Rows from before a column was there have null in it.
            for row in rows.indices { rows[row] += Array(repeating: nil, count: batch.header.count - header.count) }
        }
        header = batch.header
        for row in 0..<batch.rows.rowCount {
            rows.append((0..<batch.rows.columnCount).map { batch.rows.string(row: row, column: $0) })
        }
        sourceRows += batch.rows.sourceRows
        lines += batch.rows.lines
        rejected += batch.rejected
    }
}

/// Reads `content`, fed in pieces of the sizes that `cut` gives.
func read(
    _ content: [UInt8], _ options: FileFormatOptions = FileFormatOptions(), resume: FileCheckpoint? = nil,
    cut: () -> Int = { .max }
) throws -> (outcome: Outcome, checkpoints: [FileCheckpoint], error: CausewayError?) {
    var reader = try FileRowReader(options: options, resume: resume)
    var outcome = Outcome()
    var checkpoints: [FileCheckpoint] = []
    func drain(_ reader: inout FileRowReader) -> CausewayError? {
        do throws(CausewayError) {
            while let batch = try reader.nextBatch() {
                outcome.add(batch)
                checkpoints.append(batch.checkpoint)
                // Two of three batches are made in the memory of an earlier one.
                if checkpoints.count % 3 != 0 { reader.reuse(batch.rows) }
            }
            return nil
        } catch {
            return error
        }
    }
    var at = Int(resume?.sourceOffset ?? 0)
    while at < content.count {
        let end = min(content.count, at.addingReportingOverflow(max(cut(), 1)).overflow ? .max : at + max(cut(), 1))
        reader.feed(Array(content[at..<end]))
        at = end
        if let error = drain(&reader) { return (outcome, checkpoints, error) }
    }
    reader.finish()
    let error = drain(&reader)
    return (outcome, checkpoints, error)
}

func read(_ text: String, _ options: FileFormatOptions = FileFormatOptions()) throws -> Outcome {
    let (outcome, _, error) = try read(Array(text.utf8), options)
    if let error { throw error }
    return outcome
}
