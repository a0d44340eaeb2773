import CausewayCore

/// The content of a file, unpacked, as its bytes arrive.
struct ContentReader {
    /// Most content that is unpacked at a time.
    static let stepBytes = 256 << 10
    /// Content that the format is found out from.
    static let sampleBytes = 64 << 10

    /// Most bytes of content.
    private let limit: Int64
    private var input: [UInt8] = []
    private var position = 0
    private var isFinished = false
    private var decompressor: Decompressor?
    private var unpacked: [UInt8] = []
    /// Why nothing more can be unpacked.
    private var damage: CausewayError?
    private var contentBytes: Int64 = 0
    private var bytesToSkip: Int64 = 0
    private var start: [UInt8] = []

    /// nil until the first bytes were looked at.
    private(set) var compression: Compression?
    /// All content was given.
    private(set) var isOver = false

    /// Bytes fed and not looked at yet.
    var bufferedBytes: Int { input.count - position }

    private let clock: (@Sendable () -> Int64)?
    private var timings = ReadTimings()

    /// - Parameter clock: nanoseconds of a clock that only goes forward, for ``takeTimings()``.
    init(limit: Int64, clock: (@Sendable () -> Int64)?) {
        self.limit = limit
        self.clock = clock
    }

    /// What unpacking took since the last time.
    mutating func takeTimings() -> ReadTimings {
        defer { timings = ReadTimings() }
        return timings
    }

    /// Goes on with a file whose format is known. A packed one is read from its start.
    mutating func resume(_ compression: Compression, at offset: Int64, skipping: Bool) throws(CausewayError) {
        try open(compression)
        if skipping { bytesToSkip = offset } else { contentBytes = offset }
    }

    mutating func feed(_ bytes: [UInt8]) {
        precondition(!isFinished, "bytes after the end of the file")
        if position == input.count {
            input = bytes
        } else {
            input.removeSubrange(..<position)
            input += bytes
        }
        position = 0
    }

    mutating func finish() {
        isFinished = true
    }

    /// The first ``sampleBytes`` of the content, or all of it when there is less; nil when more bytes are needed.
    mutating func sample() throws(CausewayError) -> ArraySlice<UInt8>? {
        while start.count < Self.sampleBytes, !isOver {
            if let piece = try next(limit: Self.sampleBytes - start.count) {
                start += piece
            } else if !isOver {
                return nil
            }
        }
        defer { start = [] }
        return start[...]
    }

    /// The next content, never empty; nil when more bytes are needed, or none follow: see ``isOver``.
    mutating func next(limit: Int) throws(CausewayError) -> ArraySlice<UInt8>? {
        if compression == nil {
            guard isFinished || input.count - position >= ContentDetection.magicLength else { return nil }
            try open(try ContentDetection.compression(input[position...]))
        }
        while true {
            var piece = decompressor == nil ? takeInput(limit) : try unpack(limit)
            guard !piece.isEmpty else {
                guard isFinished else { return nil }
                guard decompressor?.isAtEnd ?? true else {
                    throw Decompressor.truncated(compression?.rawValue ?? "")
                }
                guard bytesToSkip == 0 else {
                    throw CausewayError(
                        .dataLoss, reason: "FILE_SHORTER",
                        "The file has less content than was read from it before; it was changed in between.",
                        metadata: ["missing_bytes": String(bytesToSkip)])
                }
                isOver = true
                return nil
            }
            contentBytes += Int64(piece.count)
            guard contentBytes <= self.limit else {
                throw CausewayError(
                    .resourceExhausted, reason: "FILE_TOO_LARGE",
                    "The file's content is larger than \(self.limit) bytes, the most that is taken.",
                    metadata: ["limit": String(self.limit)], retry: .never)
            }
            let skipped = min(bytesToSkip, Int64(piece.count))
            bytesToSkip -= skipped
            piece = piece.dropFirst(Int(skipped))
            if !piece.isEmpty { return piece }
        }
    }

    private mutating func open(_ compression: Compression) throws(CausewayError) {
        self.compression = compression
        decompressor = try Decompressor(compression)
    }

    private mutating func takeInput(_ limit: Int) -> ArraySlice<UInt8> {
        let piece = input[position..<min(input.count, position + limit)]
        position += piece.count
        return piece
    }

    private mutating func unpack(_ limit: Int) throws(CausewayError) -> ArraySlice<UInt8> {
        let size = min(limit, Self.stepBytes)
        if unpacked.count < size { unpacked = [UInt8](repeating: 0, count: size) }
        if let damage { throw damage }
        let start = clock?() ?? 0
        var written = 0
        defer {
            timings.unpack += (clock?() ?? 0) - start
            timings.unpackedBytes += written
        }
        while written < size {
            var step = (read: 0, written: 0)
            var failure: CausewayError?
            input.withUnsafeBytes { input in
                unpacked.withUnsafeMutableBytes { output in
                    do throws(CausewayError) {
                        let source = UnsafeRawBufferPointer(rebasing: input[position...])
                        step =
                            try decompressor?.step(
                                source, UnsafeMutableRawBufferPointer(rebasing: output[written..<size])) ?? (0, 0)
                    } catch {
                        failure = error
                    }
                }
            }
            if let failure {
                // What came out before the damage is given first.
                damage = failure
                break
            }
            position += step.read
            written += step.written
            if step.read == 0, step.written == 0 { break }
        }
        if let damage, written == 0 { throw damage }
        return unpacked[..<written]
    }
}
