import CausewayCore
import CausewayStore
import Testing

@testable import CausewayIngest

/// Files that are made to break a reader. What it holds stays small, and what is right in them is read.
@Suite struct HostileFileTests {
    /// Feeds `piece` again and again and says what the reader held at most.
    private func feed(
        _ piece: [UInt8], times: Int, to reader: inout FileRowReader, _ outcome: inout Outcome
    ) throws -> Int {
        var most = 0
        for _ in 0..<times {
            reader.feed(piece)
            while let batch = try reader.nextBatch() { outcome.add(batch) }
            most = max(most, reader.bufferedBytes)
        }
        return most
    }

    /// One line of 256 MiB, in gzip members that are each below the ratio at which a stream is refused.
    @Test(arguments: ["", "\""]) func oneEndlessPackedLine(start: String) throws {
        var options = FileFormatOptions()
        options.delimiter = UInt8(ascii: ",")
        var numbers = SeededNumbers(1)
        var text = [UInt8](repeating: UInt8(ascii: "x"), count: 4 << 20)
        for at in stride(from: 0, to: text.count, by: 160) { text[at] = UInt8.random(in: 65...90, using: &numbers) }
        let member = Packing.gzip(text)
        #expect(text.count / member.count < Decompressor.maximumRatio)
        var reader = try FileRowReader(options: options)
        var outcome = Outcome()
        reader.feed(Packing.gzip(Array("a,b\n1,2\n\(start)".utf8)))
        let held = try feed(member, times: 64, to: &reader, &outcome)
        #expect(held <= 6 << 20)
        reader.feed(Packing.gzip(Array("\n3,4\n".utf8)))
        reader.finish()
        while let batch = try reader.nextBatch() { outcome.add(batch) }
        #expect(outcome.rows == [["1", "2"], ["3", "4"]])
        #expect(outcome.lines == [2, 4])
        #expect(outcome.reasons == [start.isEmpty ? .rowTooLong : .unclosedQuote])
        #expect(outcome.rejected.first?.raw.count == RejectedRow.maximumRawBytes)
        #expect(outcome.rejected.first?.truncated == true)
    }

    /// A quote that never closes before lines that are rows by themselves.
    @Test func endlessQuotedLines() throws {
        var options = FileFormatOptions()
        options.delimiter = UInt8(ascii: ",")
        options.maximumRowBytes = 64 << 10
        var reader = try FileRowReader(options: options)
        var outcome = Outcome()
        reader.feed(Array("a,b\n\"".utf8))
        let lines = Array(String(repeating: "1,2\n", count: 4_096).utf8)
        let held = try feed(lines, times: 16, to: &reader, &outcome)
        #expect(held <= 256 << 10)
        reader.finish()
        while let batch = try reader.nextBatch() { outcome.add(batch) }
        #expect(outcome.reasons == [.unclosedQuote])
        #expect(outcome.rows.count == 16 * 4_096 - 1)
    }

    @Test func aHundredThousandColumns() throws {
        let names = Array((0..<100_000).map { "c\($0)" }.joined(separator: ",").utf8) + [Byte.lineFeed]
        let (_, _, error) = try read(names)
        #expect(error?.reason == "TOO_MANY_COLUMNS")
        #expect(error?.metadata["columns"] == "100000")

        var reader = try FileRowReader(options: FileFormatOptions())
        var outcome = Outcome()
        reader.feed(Array("a,b\n".utf8))
        let held = try feed(names, times: 8, to: &reader, &outcome)
        #expect(held <= 5 << 20)
        reader.feed(Array("1,2\n".utf8))
        reader.finish()
        while let batch = try reader.nextBatch() { outcome.add(batch) }
        #expect(outcome.rows == [["1", "2"]])
        #expect(outcome.reasons == Array(repeating: .tooManyFields, count: 8))
        #expect(outcome.rejected.map(\.column) == Array(repeating: 3, count: 8))
    }

    @Test func nulsAndWrongBytesEverywhere() throws {
        var options = FileFormatOptions()
        options.encoding = .fixed(.utf8)
        options.delimiter = UInt8(ascii: ",")
        let lines: [[UInt8]] = [
            [0], [0xFF], Array("1,2".utf8), [0x22, 0, 0x22, 0x2C], [0xC3, 0x2C, 0x28], Array("é,東".utf8),
            [0x2C, 0xF0, 0x9F, 0x9C],
        ]
        let text = Array("a,b\n".utf8) + lines.joined(separator: [Byte.lineFeed])
        let (outcome, _, error) = try read(Array(text), options, cut: { 3 })
        #expect(error == nil)
        #expect(outcome.rows == [["1", "2"], ["é", "東"]])
        #expect(outcome.reasons == [.nulByte, .invalidUTF8, .nulByte, .invalidUTF8, .invalidUTF8])
        #expect(outcome.rejected.map(\.raw) == [0, 1, 3, 4, 6].map { lines[$0] })
    }

    @Test func headersWithoutAndWithTheSameNames() throws {
        let outcome = try read("a,,a,\" \",A,a\n1,2,3,4,5,6\n")
        #expect(outcome.header == ["a", "column_2", "a_2", "column_4", "A", "a_3"])
        #expect(outcome.rows == [["1", "2", "3", "4", "5", "6"]])
    }

    /// 64 MiB in a few kilobytes: it is refused long before it is unpacked.
    @Test func zstdBomb() throws {
        let zeros = [UInt8](repeating: UInt8(ascii: "0"), count: 64 << 20)
        let packed = Packing.zstd(Array("a,b\n".utf8) + zeros, level: 3)
        #expect(packed.count < 64 << 10)
        var reader = try FileRowReader(options: FileFormatOptions())
        var reason: String?
        var most = 0
        for start in stride(from: 0, to: packed.count, by: 512) where reason == nil {
            reader.feed(Array(packed[start..<min(start + 512, packed.count)]))
            do throws(CausewayError) {
                while try reader.nextBatch() != nil {}
            } catch {
                reason = error.reason
            }
            most = max(most, reader.bufferedBytes)
        }
        #expect(reason == "COMPRESSION_RATIO")
        #expect(most <= 5 << 20)
    }
}
