import CausewayCore
import CausewayIngest
import CausewayMessages
import CausewayStore

/// Parses what comes out of a queue of chunks, batch by batch.
struct BatchParser: ~Copyable {
    private var rows: FileRowReader
    private let queue: ChunkQueue
    private let meter: StageMeter
    private var isOver = false
    private var bytes: Int64 = 0
    /// What was parsed ahead to know whether more follows.
    private var ahead: Result<ParsedBatch?, FetchProblem>?

    var format: FileFormat? { rows.format }

    init(
        _ options: FileFormatOptions, _ checkpoint: FileCheckpoint?, _ queue: ChunkQueue, _ meter: StageMeter
    ) throws(FetchProblem) {
        rows = try FetchProblem.ofFile { () throws(CausewayError) in
            try FileRowReader(options: options, resume: checkpoint) { meter.now.wholeMicroseconds * 1_000 }
        }
        self.queue = queue
        self.meter = meter
    }

    /// Bytes of the file since the last time.
    mutating func takeBytes() -> Int64 {
        defer { bytes = 0 }
        return bytes
    }

    /// Whether the batch given last is known to be the file's last. Never waits.
    mutating func isLast() -> Bool {
        guard isOver else { return false }
        let following = ahead ?? parse()
        ahead = following
        if case .success(nil) = following { return true }
        return false
    }

    /// The next batch; nil at the end.
    mutating func next() async throws(FetchProblem) -> ParsedBatch? { try await attempt().get() }

    /// As ``next()``, for later.
    mutating func attempt() async -> Result<ParsedBatch?, FetchProblem> {
        if let known = ahead {
            ahead = nil
            return known
        }
        while true {
            let parsed = parse()
            guard case .success(nil) = parsed, !isOver else { return parsed }
            do throws(CausewayError) {
                let chunk = try await queue.next()
                if chunk.isEmpty {
                    rows.finish()
                    isOver = true
                } else {
                    bytes += Int64(chunk.count)
                    rows.feed(chunk)
                }
            } catch {
                return .failure(FetchProblem(source: error))
            }
        }
    }

    /// Takes back a batch that was taken in: a later one is made in its memory.
    mutating func reuse(_ batch: consuming RowBatch) { rows.reuse(batch) }

    private mutating func parse() -> Result<ParsedBatch?, FetchProblem> {
        let start = meter.now
        do throws(CausewayError) {
            let batch = try rows.nextBatch()
            measure(meter.now - start, batch)
            return .success(batch)
        } catch {
            measure(meter.now - start, nil)
            return .failure(.file(error))
        }
    }
}

extension BatchParser {
    /// Accounts for the time of one call: what is neither unpacking nor decoding is scanning.
    private mutating func measure(_ busy: Duration, _ batch: ParsedBatch?) {
        let before = rows.takeTimings()
        if before.unpackedBytes > 0 { meter.add(.decompress, .nanoseconds(before.unpack), bytes: before.unpackedBytes) }
        if before.decodedBytes > 0 { meter.add(.decode, .nanoseconds(before.decode), bytes: before.decodedBytes) }
        let rest = max(.zero, busy - .nanoseconds(before.unpack + before.decode))
        meter.add(.scan, rest, bytes: batch?.rows.text.count ?? 0, rows: batch?.rowsRead ?? 0)
    }
}

/// A unit on its way to the disk while its run goes on. Whoever makes one holds the connection's gate, and it lets go.
struct Committing: Sendable {
    var unit: CommitUnit
    var account: StoredRun
    var activity: String
    var rows: Int
    /// The entity whose index of keys the batch grows; nil: it does not.
    var grown: UInt32?
    var meter: StageMeter
    var connection: Connection
    var context: EngineContext

    /// - Returns: success once the unit is on disk, with what went wrong after it.
    func run() async -> Result<CausewayError?, CausewayError> {
        defer { connection.writing.leave() }
        do throws(CausewayError) {
            let start = meter.now
            try await context.store.commit(unit)
            meter.add(.commit, meter.now - start, bytes: unit.byteCount, rows: rows)
        } catch {
            return .failure(error)
        }
        await connection.progressed(account, activity: activity)
        do throws(CausewayError) {
            try await merge()
            return .success(nil)
        } catch {
            return .success(error)
        }
    }

    /// A slice of the work that keeps look-ups quick: one after each batch keeps up with any import.
    private func merge() async throws(CausewayError) {
        guard let grown else { return }
        let start = meter.now
        let (shard, seed) = (connection.shard, context.environment.contentSeed)
        let step = try context.readStore { try EntityWriter.mergeStep(shard, entity: grown, seed: seed, in: $0) }
        guard let step else { return }
        var unit = context.unit(of: shard)
        unit.mutations = step
        try await context.store.commit(unit)
        meter.add(.merge, meter.now - start, bytes: unit.byteCount)
    }
}
