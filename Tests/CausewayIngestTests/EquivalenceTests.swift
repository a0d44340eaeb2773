import CausewayCore
import Testing

@testable import CausewayIngest

/// The same rows whatever the way to them.
@Suite struct EquivalenceTests {
    static let seeds: [UInt64] = Array(1...24)

    private func options(_ numbers: inout SeededNumbers) -> FileFormatOptions {
        var options = FileFormatOptions()
        options.delimiter = UInt8(ascii: ",")
        options.quote = .byte(UInt8(ascii: "\""))
        options.encoding = .fixed(.utf8)
        options.maximumRowBytes = [30, 100, 4 << 20].randomElement(using: &numbers) ?? 30
        options.batchRows = [1, 3, 1_000].randomElement(using: &numbers) ?? 1
        options.batchBytes = [1, 50, 4 << 20].randomElement(using: &numbers) ?? 1
        options.primaryKey = Bool.random(using: &numbers) ? ["a"] : []
        if Int.random(in: 0..<3, using: &numbers) == 0 { options.escape = UInt8(ascii: "\\") }
        if Int.random(in: 0..<3, using: &numbers) == 0 { options.comment = UInt8(ascii: "#") }
        options.raggedRows = FileFormatOptions.RaggedOption.allCases.randomElement(using: &numbers) ?? .quarantine
        return options
    }

    @Test(arguments: seeds) func sameAsThePlainRules(seed: UInt64) throws {
        var numbers = SeededNumbers(seed)
        for _ in 0..<15 {
            let length = Int.random(in: 0...400, using: &numbers)
            let text = RandomText.wild(&numbers, length: length)
            let options = options(&numbers)
            var reference = ReferenceParser(
                bytes: text, longest: options.maximumRowBytes, keyColumns: options.primaryKey.isEmpty ? [] : [0])
            reference.escape = options.escape ?? UInt8(ascii: "\"")
            reference.comment = options.comment
            reference.raggedRows = options.raggedRows
            let expected = reference.rows()
            let (outcome, _, error) = try read(text, options)
            #expect(error == nil)
            let shown = "seed \(seed): \(String(decoding: text, as: UTF8.self).debugDescription)"
            #expect(outcome.rows == expected.filter { $0.reason == nil }.map(\.values), "\(shown)")
            #expect(outcome.lines == expected.filter { $0.reason == nil }.map(\.line), "\(shown)")
            #expect(outcome.rejected.map(\.reason) == expected.compactMap(\.reason), "\(shown)")
            #expect(outcome.rejected.map(\.line) == expected.filter { $0.reason != nil }.map(\.line), "\(shown)")
            #expect(outcome.rejected.map(\.raw) == expected.filter { $0.reason != nil }.map(\.raw), "\(shown)")
            #expect(
                (outcome.sourceRows + outcome.rejected.map(\.sourceRow)).sorted()
                    == expected.indices.map { Int64($0 + 1) })
        }
    }

    @Test(arguments: seeds) func sameHoweverTheBytesAreCut(seed: UInt64) throws {
        var numbers = SeededNumbers(seed &+ 1_000)
        for round in 0..<10 {
            let text = RandomText.wild(&numbers, length: round == 0 ? 70_000 : 600)
            let options = options(&numbers)
            let whole = try read(text, options).outcome
            if round > 0 { #expect(try read(text, options, cut: { 1 }).outcome == whole) }
            #expect(try read(text, options, cut: { Int.random(in: 1...200, using: &numbers) }).outcome == whole)
        }
    }

    @Test(arguments: seeds) func sameWhenResumedAnywhere(seed: UInt64) throws {
        var numbers = SeededNumbers(seed &+ 2_000)
        for _ in 0..<5 {
            let text = RandomText.wild(&numbers, length: 500)
            var options = options(&numbers)
            options.batchRows = 2
            let (whole, checkpoints, _) = try read(text, options)
            for checkpoint in checkpoints {
                let rest = try read(
                    text, options, resume: checkpoint, cut: { Int.random(in: 1...100, using: &numbers) })
                #expect(rest.error == nil)
                #expect(rest.outcome.rows == Array(whole.rows.suffix(rest.outcome.rows.count)))
                #expect(rest.outcome.lines == Array(whole.lines.suffix(rest.outcome.rows.count)))
                #expect(rest.outcome.sourceRows == Array(whole.sourceRows.suffix(rest.outcome.rows.count)))
                #expect(rest.outcome.rejected == Array(whole.rejected.suffix(rest.outcome.rejected.count)))
                let restCount = Int64(rest.outcome.rows.count + rest.outcome.rejected.count)
                #expect(checkpoint.rows + restCount == Int64(whole.rows.count + whole.rejected.count))
            }
        }
    }

    @Test func partialBatchesLoseNothing() throws {
        var numbers = SeededNumbers(7)
        for _ in 0..<30 {
            let text = RandomText.wild(&numbers, length: 600)
            let options = options(&numbers)
            let whole = try read(text, options).outcome
            var reader = try FileRowReader(options: options)
            var outcome = Outcome()
            // The format needs the file's start; what follows is taken at once.
            for byte in text { reader.feed([byte]) }
            reader.finish()
            while let batch = try reader.nextBatch() { outcome.add(batch) }
            #expect(outcome == whole)
        }
    }

    @Test(arguments: seeds) func readsWhatACarefulWriterWrote(seed: UInt64) throws {
        var numbers = SeededNumbers(seed &+ 3_000)
        let (text, rows) = RandomText.tame(&numbers, rows: 60, columns: Int.random(in: 1...9, using: &numbers))
        var options = FileFormatOptions()
        options.nullTokens = []
        let (outcome, _, _) = try read(text, options, cut: { Int.random(in: 1...64, using: &numbers) })
        #expect(outcome.rows == rows)
        #expect(outcome.rejected.isEmpty)
    }
}
