import CausewayConnectorKit
import CausewayCore

/// Reads one file front to back and takes a cut link up again where it was cut, as long as the file is the same.
///
/// An actor so that the next chunk can be fetched while the last one is parsed.
actor ResumableReader {
    private let source: any FileSource
    private let file: RemoteFile
    private let context: EngineContext
    private let onReconnect: @Sendable (CausewayError, Duration) async -> Void
    private var offset: Int64
    private var reader: (any FileReader)?
    private var failures = 0
    private let meter: StageMeter

    /// - Parameter onReconnect: told of each cut, and how long the wait before the next attempt is.
    init(
        _ file: RemoteFile, at offset: Int64, source: any FileSource, meter: StageMeter, context: EngineContext,
        onReconnect: @escaping @Sendable (CausewayError, Duration) async -> Void
    ) {
        self.file = file
        self.offset = offset
        self.source = source
        self.context = context
        self.meter = meter
        self.onReconnect = onReconnect
    }

    /// The next bytes; empty at the end.
    ///
    /// - Throws: ``CausewayError``: `FILE_CHANGED` (aborted) when the file is not the one that was listed any more,
    ///   the source's error when it is not retryable or has come too often without progress, `cancelled`.
    func next() async throws(CausewayError) -> [UInt8] {
        while true {
            do {
                let reader = try await opened()
                let start = context.clock.uptime
                let bytes = try await reader.read(limit: context.limits.readChunk)
                meter.add(.read, context.clock.uptime - start, bytes: bytes.count)
                offset += Int64(bytes.count)
                failures = 0
                return bytes
            } catch {
                await close()
                try await pause(after: error)
            }
        }
    }

    /// Reads to the end, as far ahead of the consumer as the queue has room.
    func pump(into queue: ChunkQueue) async {
        do throws(CausewayError) {
            while true {
                let chunk = try await next()
                guard !chunk.isEmpty else { break }
                guard await queue.push(chunk) else { return }
            }
            queue.finish(.success(()))
        } catch {
            queue.finish(.failure(error))
        }
    }

    func close() async {
        await reader?.close()
        reader = nil
    }

    private func opened() async throws(CausewayError) -> any FileReader {
        if let reader { return reader }
        let now = try await source.stat(file.path)
        guard now.size == file.size, now.modified.seconds == file.modified.seconds, now.etag == file.etag else {
            throw CausewayError(
                .aborted, reason: "FILE_CHANGED",
                "\(file.path) changed after it was listed; the next run reads it again.",
                metadata: ["path": file.path])
        }
        let opened = try await source.open(file.path, at: offset)
        reader = opened
        return opened
    }

    private func pause(after error: CausewayError) async throws(CausewayError) {
        guard !Task.isCancelled else { throw .cancelled }
        failures += 1
        var generator = RandomGenerator(context.environment.random)
        guard
            let delay = context.limits.reconnect.delay(
                beforeRetry: failures, advice: error.retry, random: &generator)
        else { throw error }
        await onReconnect(error, delay)
        do {
            try await context.clock.sleep(for: delay)
        } catch {
            throw .cancelled
        }
    }
}
