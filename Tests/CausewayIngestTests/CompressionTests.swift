import CausewayCore
import Testing

@testable import CausewayIngest

@Suite struct CompressionTests {
    static func table(_ rows: Int) -> [UInt8] {
        var text = "id,name,amount\n"
        for row in 0..<rows { text += "\(row),\"name of \(row &* 2_654_435_761 % 1_000_003)\",\(row).5\n" }
        return Array(text.utf8)
    }

    @Test(arguments: [Compression.gzip, .zstd]) func readsAndResumes(_ compression: Compression) throws {
        let content = Self.table(3_000)
        let packed = compression == .gzip ? Packing.gzip(content) : Packing.zstd(content)
        var options = FileFormatOptions()
        options.batchRows = 700
        let whole = try read(content, options)
        var numbers = SeededNumbers(3)
        let (outcome, checkpoints, error) = try read(packed, options, cut: { Int.random(in: 1...999, using: &numbers) })
        #expect(error == nil)
        #expect(outcome == whole.outcome)
        #expect(checkpoints.map(\.contentOffset) == whole.checkpoints.map(\.contentOffset))
        #expect(checkpoints.allSatisfy { $0.sourceOffset == 0 && $0.format.compression == compression })
        #expect(whole.checkpoints.allSatisfy { $0.sourceOffset == $0.contentOffset })
        for checkpoint in checkpoints {
            let rest = try read(packed, options, resume: checkpoint).outcome
            #expect(rest.rows == Array(outcome.rows.dropFirst(Int(checkpoint.rows))))
            #expect(rest.lines == Array(outcome.lines.dropFirst(Int(checkpoint.rows))))
        }
    }

    @Test(arguments: [Compression.gzip, .zstd]) func readsSeveralPartsAsOne(_ compression: Compression) throws {
        let content = Self.table(50)
        let parts = [content[..<7], content[7..<7], content[7..<500], content[500...]].map { part in
            compression == .gzip ? Packing.gzip(Array(part)) : Packing.zstd(Array(part))
        }
        let (outcome, _, error) = try read(parts.flatMap { $0 }, cut: { 5 })
        #expect(error == nil)
        #expect(outcome == (try read(content).outcome))
    }

    @Test func ignoresZerosBehindGzip() throws {
        let content = Self.table(5)
        let (outcome, _, error) = try read(Packing.gzip(content) + [0, 0, 0, 0], cut: { 3 })
        #expect(error == nil)
        #expect(outcome.rows.count == 5)
        for size in [3, 1_000] {
            let (_, _, error) = try read(Packing.gzip(content) + [0, 0, 7, 0], cut: { size })
            #expect(error?.reason == "DAMAGED_COMPRESSION")
        }
    }

    @Test(arguments: [Compression.gzip, .zstd]) func givesRowsBeforeACut(_ compression: Compression) throws {
        let content = Self.table(20_000)
        let packed = compression == .gzip ? Packing.gzip(content) : Packing.zstd(content)
        let (outcome, checkpoints, error) = try read(Array(packed[..<(packed.count / 2)]))
        #expect(error?.reason == "TRUNCATED_COMPRESSION")
        #expect(error?.code == .dataLoss)
        #expect(outcome.rows.count > 1_000)
        #expect(checkpoints.last?.rows == Int64(outcome.rows.count))
        #expect(outcome.rejected.isEmpty)
        let onlyMagic = try read(Array(packed[..<4]))
        #expect(onlyMagic.error?.reason == "TRUNCATED_COMPRESSION")
    }

    @Test func saysThatAResumedFileIsShorter() throws {
        let checkpoint = try #require(try read(Packing.gzip(Self.table(100))).checkpoints.last)
        let (outcome, _, error) = try read(Packing.gzip(Self.table(50)), resume: checkpoint)
        #expect(error?.reason == "FILE_SHORTER")
        #expect(outcome.rows.isEmpty)
    }

    @Test(arguments: [Compression.gzip, .zstd]) func saysThatAStreamIsDamaged(_ compression: Compression) throws {
        let content = Self.table(20_000)
        var packed = compression == .gzip ? Packing.gzip(content) : Packing.zstd(content)
        packed.replaceSubrange(packed.count / 2..<packed.count / 2 + 64, with: repeatElement(0xA5, count: 64))
        let (outcome, _, error) = try read(packed, cut: { 4_096 })
        #expect(error?.reason == "DAMAGED_COMPRESSION" || error?.reason == "TRUNCATED_COMPRESSION")
        #expect(outcome.rows.count < 20_000)

        var reader = try FileRowReader(options: FileFormatOptions())
        reader.feed(packed)
        reader.finish()
        while let batch = try? reader.nextBatch() { #expect(batch.rowsRead > 0) }
        for _ in 0..<3 { #expect(throws: CausewayError.self) { try reader.nextBatch() } }
    }

    @Test(arguments: [Compression.gzip, .zstd]) func stopsBombs(_ compression: Compression) throws {
        let content = Array("a,b\n".utf8) + [UInt8](repeating: UInt8(ascii: "1"), count: 16 << 20)
        let packed = compression == .gzip ? Packing.gzip(content, level: 9) : Packing.zstd(content, level: 3)
        let (_, _, error) = try read(packed, cut: { 10_000 })
        #expect(error?.reason == "COMPRESSION_RATIO")
        #expect(error?.retry == .never)
    }

    @Test func takesWhatIsSmallHoweverWellItPacks() throws {
        let content = Array("a,b\n".utf8) + (0..<200_000).flatMap { _ in Array("1,2\n".utf8) }
        let (outcome, _, error) = try read(Packing.zstd(content, level: 19))
        #expect(error == nil)
        #expect(outcome.rows.count == 200_000)
    }

    @Test func refusesLargeWindows() throws {
        let content = Self.table(10)
        let allowed = try read(Packing.zstd(content, level: 1, windowLog: 23))
        #expect(allowed.error == nil)
        let packed = Packing.zstd(content, level: 1, windowLog: 24)
        let (_, _, error) = try read(packed)
        #expect(error?.reason == "COMPRESSION_WINDOW")
    }

    @Test func stopsAtTheLargestContent() throws {
        var options = FileFormatOptions()
        options.maximumContentBytes = 100_000
        let (outcome, _, error) = try read(Packing.gzip(Self.table(20_000)), options)
        #expect(error?.reason == "FILE_TOO_LARGE")
        #expect(!outcome.rows.isEmpty)
    }

    @Test(
        arguments: [
            ("zip", [0x50, 0x4B, 0x03, 0x04, 0, 0, 0, 0, 0, 0]), ("xz", [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]),
            ("bzip2", [0x42, 0x5A, 0x68, 0x39, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59]), ("Parquet", Array("PAR1".utf8)),
        ] as [(String, [UInt8])])
    func namesWhatItCannotRead(_ name: String, _ start: [UInt8]) throws {
        let (_, _, error) = try read(start)
        #expect(error?.reason == "UNSUPPORTED_FILE_FORMAT")
        #expect(error?.message.contains(name) == true)
    }
}
