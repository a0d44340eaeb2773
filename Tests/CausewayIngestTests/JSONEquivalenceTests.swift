import CausewayCore
import Testing

@testable import CausewayIngest

/// The same records whatever the way to them.
@Suite struct JSONEquivalenceTests {
    static let seeds: [UInt64] = Array(1...10)

    private func options(_ numbers: inout SeededNumbers, _ form: FileFormatOptions.FormatOption) -> FileFormatOptions {
        var options = FileFormatOptions()
        options.format = form
        options.encoding = .fixed(.utf8)
        options.maximumRowBytes = [60, 4 << 20].randomElement(using: &numbers) ?? 60
        options.maximumColumns = [3, 4_096].randomElement(using: &numbers) ?? 3
        options.batchRows = [1, 3, 1_000].randomElement(using: &numbers) ?? 1
        options.batchBytes = [1, 50, 4 << 20].randomElement(using: &numbers) ?? 1
        options.nested = [.flatten, .json].randomElement(using: &numbers) ?? .flatten
        return options
    }

    @Test(arguments: seeds) func sameHoweverTheBytesAreCut(seed: UInt64) throws {
        var numbers = SeededNumbers(seed)
        for round in 0..<20 {
            let form: FileFormatOptions.FormatOption = round % 2 == 0 ? .jsonLines : .json
            let content = RandomJSON.file(&numbers, objects: 20, form, broken: round % 4 < 3)
            let options = options(&numbers, form)
            let whole = try read(content, options)
            for cut in [1, 2, 17] {
                let pieces = try read(content, options, cut: { cut })
                #expect(pieces.outcome == whole.outcome, "seed \(seed), \(String(decoding: content, as: UTF8.self))")
                #expect(pieces.error?.message == whole.error?.message)
            }
        }
    }

    @Test(arguments: seeds) func sameWhenResumedAnywhere(seed: UInt64) throws {
        var numbers = SeededNumbers(seed &+ 500)
        for round in 0..<8 {
            let form: FileFormatOptions.FormatOption = round % 2 == 0 ? .jsonLines : .json
            let content = RandomJSON.file(&numbers, objects: 25, form, broken: round % 4 == 2)
            var options = options(&numbers, form)
            options.batchRows = 2
            let (whole, checkpoints, error) = try read(content, options)
            #expect(error == nil)
            for checkpoint in checkpoints {
                let rest = try read(
                    content, options, resume: checkpoint, cut: { Int.random(in: 1...90, using: &numbers) })
                #expect(rest.error == nil)
                let restCount = rest.outcome.rows.count
                guard restCount + rest.outcome.rejected.count > 0 else {
                    #expect(checkpoint == checkpoints.last)
                    continue
                }
                #expect(rest.outcome.header == whole.header)
                #expect(rest.outcome.rows == Array(whole.rows.suffix(restCount)))
                #expect(rest.outcome.lines == Array(whole.lines.suffix(restCount)))
                #expect(rest.outcome.sourceRows == Array(whole.sourceRows.suffix(restCount)))
                #expect(rest.outcome.rejected == Array(whole.rejected.suffix(rest.outcome.rejected.count)))
                #expect(
                    checkpoint.rows + Int64(restCount + rest.outcome.rejected.count)
                        == Int64(whole.rows.count + whole.rejected.count))
            }
        }
    }

    /// Prints for each record that may be taken its number and its fields.
    private static let program = #"""
        import json, sys
        class Word(str): pass
        class Object(list): pass
        def refuse(text): raise ValueError(text)
        def load(text):
            return json.loads(text, object_pairs_hook=Object, parse_int=Word, parse_float=Word, parse_constant=refuse)
        def scalar(value):
            return "true" if value is True else "false" if value is False else "null" if value is None else value
        def compact(value):
            if isinstance(value, Object):
                return "{" + ",".join(json.dumps(n, ensure_ascii=False) + ":" + compact(v) for n, v in value) + "}"
            if isinstance(value, list): return "[" + ",".join(map(compact, value)) + "]"
            if isinstance(value, Word) or not isinstance(value, str): return scalar(value)
            return json.dumps(value, ensure_ascii=False)
        def flatten(pairs, path, row):
            for name, value in pairs:
                name = "".join(" " if c < " " or c == "\x7f" else c for c in name)
                label = path + "." + name if path is not None else name
                if isinstance(value, Object) and value: flatten(value, label, row)
                elif isinstance(value, Object) or value is None or value == "": row[label or "_"] = None
                elif isinstance(value, list): row[label or "_"] = compact(value)
                else: row[label or "_"] = scalar(value)
        def texts(value):
            if isinstance(value, Object):
                for n, v in value: yield n; yield from texts(v)
            elif isinstance(value, str): yield value
        content = open(sys.argv[1], "rb").read()
        rows = []
        if content.startswith(b" [\n"):
            records = enumerate(load(content.decode("utf-8")), 1)
        else:
            records = []
            number = 0
            for line in content.split(b"\n"):
                if not line.strip(b" \t\r"): continue
                number += 1
                try: records.append((number, load(line.decode("utf-8"))))
                except ValueError: pass
        for number, record in records:
            if not isinstance(record, Object) or not record: continue
            if any("\0" in t or any(0xD800 <= ord(c) < 0xE000 for c in t) for t in texts(record)): continue
            row = {}
            flatten(record, None, row)
            fields = ["\x1f".join([label, "-" if value is None else "+" + value]) for label, value in row.items()]
            rows.append("\x1d".join([str(number)] + fields))
        sys.stdout.buffer.write("\x1e".join(rows).encode("utf-8"))
        """#

    @Test(.enabled(if: Python.isInstalled, "needs python3"), arguments: [UInt64(1), 2, 3, 4, 5, 6])
    func sameAsPython(seed: UInt64) throws {
        var numbers = SeededNumbers(seed &+ 9_000)
        let form: FileFormatOptions.FormatOption = seed % 3 == 0 ? .json : .jsonLines
        let content = RandomJSON.file(&numbers, objects: 400, form, broken: form == .jsonLines)
        var options = FileFormatOptions()
        options.format = form
        options.encoding = .fixed(.utf8)
        let (outcome, _, error) = try read(content, options, cut: { Int.random(in: 1...5_000, using: &numbers) })
        #expect(error == nil)
        let printed = String(decoding: try Python.run(Self.program, content), as: UTF8.self)
        let expected = printed.split(separator: "\u{1E}")
        #expect(expected.count == outcome.rows.count)
        #expect(expected.count > 100)
        for (index, record) in expected.enumerated() where index < outcome.rows.count {
            let parts = record.split(separator: "\u{1D}", omittingEmptySubsequences: false)
            #expect(Int64(parts[0]) == outcome.sourceRows[index])
            var values: [String?] = Array(repeating: nil, count: outcome.header.count)
            for part in parts.dropFirst() {
                let pair = part.split(separator: "\u{1F}", omittingEmptySubsequences: false)
                guard let column = outcome.header.firstIndex(of: String(pair[0])) else {
                    Issue.record("no column \(pair[0])")
                    continue
                }
                values[column] = pair[1].first == "+" ? String(pair[1].dropFirst()) : nil
            }
            #expect(values == outcome.rows[index])
        }
    }
}

/// JSON for tests: right, and with a few bytes changed.
enum RandomJSON {
    private static let names = ["a", "b", "id", "né", "a.b", "", "a much longer name than most", "\\u0061", "x\\ty"]
    private static let texts = [
        "", "x", "naïve", "東京", "two words that go on for more than sixteen bytes", "\\\"", "\\\\", "\\u00e9",
        "\\ud83d\\ude00", "\\n\\t", "\\/", "🜁", "a,b:{}[]", "12",
    ]
    private static let words = ["1", "-2.5", "0", "1e5", "12345678901234567890", "true", "false", "null", "0.10"]

    static func file(
        _ numbers: inout SeededNumbers, objects: Int, _ form: FileFormatOptions.FormatOption, broken: Bool
    ) -> [UInt8] {
        var text: [UInt8] = []
        if form == .json { text += Array(" [\n".utf8) }
        for index in 0..<objects {
            var object: [UInt8] = []
            add(&object, &numbers, 0, spaced: form == .json ? " \n\t" : " \t")
            if Int.random(in: 0..<12, using: &numbers) == 0 { object = Array("[1,{\"a\":2}]".utf8) }
            if broken, form == .jsonLines, Int.random(in: 0..<4, using: &numbers) == 0 {
                let at = Int.random(in: 0..<object.count, using: &numbers)
                object[at] = [0x22, 0x2C, 0x7B, 0x5D, 0x5C, 0xC3, 0x01, 0x30, 0x20].randomElement(using: &numbers) ?? 0
            }
            if broken, form == .jsonLines, Int.random(in: 0..<9, using: &numbers) == 0 {
                object = Array("{\"a\":\"\\ud800\"}".utf8)
            }
            text += object
            if form == .json {
                text += Array((index + 1 < objects ? "\n, " : " ]\n").utf8)
            } else {
                text += Array((["\n", "\r\n", "\n\n"].randomElement(using: &numbers) ?? "\n").utf8)
            }
        }
        return text
    }

    private static func add(_ text: inout [UInt8], _ numbers: inout SeededNumbers, _ depth: Int, spaced: String) {
        func space() {
            guard Int.random(in: 0..<6, using: &numbers) == 0, let blank = spaced.utf8.randomElement(using: &numbers)
            else { return }
            text.append(blank)
        }
        text.append(UInt8(ascii: "{"))
        space()
        for index in 0..<Int.random(in: depth == 0 ? 1...5 : 0...3, using: &numbers) {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            space()
            text += Array("\"\(names.randomElement(using: &numbers) ?? "")\"".utf8)
            space()
            text.append(UInt8(ascii: ":"))
            space()
            switch Int.random(in: 0..<6, using: &numbers) {
            case 0 where depth < 4: add(&text, &numbers, depth + 1, spaced: spaced)
            case 1: text += Array("[1,{\"é\" :[ ]},\"x y\"]".utf8)
            case 2, 3: text += Array("\"\(texts.randomElement(using: &numbers) ?? "")\"".utf8)
            default: text += Array((words.randomElement(using: &numbers) ?? "1").utf8)
            }
            space()
        }
        text.append(UInt8(ascii: "}"))
    }
}
