import CausewayCore
import Testing

@testable import CausewayIngest

@Suite struct EncodingTests {
    static let text = "name;city\r\nZoë;Zürich\r\n\"Ada\n\"\"L\"\"\";£ ÿ\r\nBo;\r\n"
    static let rows: [[String?]] = [["Zoë", "Zürich"], ["Ada\n\"L\"", "£ ÿ"], ["Bo", nil]]

    static func bytes(_ text: String, _ encoding: TextEncoding) -> [UInt8] {
        switch encoding {
        case .utf8: Array(text.utf8)
        case .utf16LittleEndian: text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        case .utf16BigEndian: text.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        case .latin1, .windows1252: text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
        }
    }

    @Test(arguments: TextEncoding.allCases) func reads(_ encoding: TextEncoding) throws {
        var options = FileFormatOptions()
        options.encoding = .fixed(encoding)
        options.batchRows = 1
        let content = Self.bytes(Self.text, encoding)
        let (outcome, checkpoints, error) = try read(content, options, cut: { 1 })
        #expect(error == nil)
        #expect(outcome.header == ["name", "city"])
        #expect(outcome.rows == Self.rows)
        #expect(outcome.lines == [2, 3, 5])
        #expect(checkpoints.last?.contentOffset == Int64(content.count))
        for (index, checkpoint) in checkpoints.enumerated() {
            let rest = try read(content, options, resume: checkpoint, cut: { 3 }).outcome
            #expect(rest.rows == Array(Self.rows.dropFirst(index + 1)))
            #expect(rest.lines == Array(outcome.lines.dropFirst(index + 1)))
        }
    }

    static let marks: [(TextEncoding, [UInt8])] = [
        (.utf8, [0xEF, 0xBB, 0xBF]), (.utf8, []), (.utf16LittleEndian, [0xFF, 0xFE]), (.utf16BigEndian, [0xFE, 0xFF]),
        (.utf16LittleEndian, []), (.utf16BigEndian, []),
    ]

    @Test(arguments: marks) func findsOut(_ encoding: TextEncoding, _ mark: [UInt8]) throws {
        let text = "id,name\n1,Zoë\n2,Bo \u{1F701}\n"
        let (outcome, checkpoints, error) = try read(mark + Self.bytes(text, encoding))
        #expect(error == nil)
        #expect(outcome.header == ["id", "name"])
        #expect(outcome.rows == [["1", "Zoë"], ["2", "Bo \u{1F701}"]])
        #expect(checkpoints.last?.format.encoding == encoding)
        #expect(checkpoints.last?.contentOffset == Int64(mark.count + Self.bytes(text, encoding).count))
    }

    @Test func everyByteOfWindows1252ComesBack() throws {
        var options = FileFormatOptions()
        for encoding in [TextEncoding.windows1252, .latin1] {
            options.encoding = .fixed(encoding)
            let odd = (UInt8(0x80)...0xFF).map { $0 }
            let row = odd + Array(",x".utf8)
            let (outcome, checkpoints, _) = try read(Array("a\n".utf8) + odd + Array("\n".utf8) + row, options)
            #expect(outcome.rows.count == 1)
            #expect(outcome.rejected.first?.raw == row)
            #expect(checkpoints.last?.contentOffset == Int64(3 + odd.count + row.count))
            if encoding == .windows1252 { #expect(outcome.rows[0][0]?.hasPrefix("€\u{81}‚ƒ„…") == true) }
        }
    }

    /// Every character, and every pair of units that is none, in pieces of every size that splits it.
    @Test(arguments: TextEncoding.allCases) func everyCharacterComesBack(_ encoding: TextEncoding) throws {
        let isUTF16 = encoding == .utf16LittleEndian || encoding == .utf16BigEndian
        let scalars: [UInt32] = encoding == .utf8 || isUTF16 ? Array(stride(from: 1, to: 0x11_0000, by: 7)) : []
        var content = scalars.flatMap { Unicode.Scalar($0).map { Self.bytes(String($0), encoding) } ?? [] }
        if isUTF16 {
            for pair in [[0xD800, 0xD800], [0xD83D, 0x41], [0xDC00, 0xD800], [0xDFFF, 0xDFFF], [0xDBFF]] as [[UInt16]] {
                content += pair.flatMap { unit in
                    let (high, low) = (UInt8(unit >> 8), UInt8(unit & 0xFF))
                    return encoding == .utf16BigEndian ? [high, low] : [low, high]
                }
            }
            content.append(0x41)
        }
        content += encoding == .utf8 ? [] : isUTF16 ? [] : Array(0...255)
        var texts: Set<[UInt8]> = []
        for size in [1, 2, 3, 5, 4_097, content.count] {
            var transcoder = try Transcoder(encoding)
            var text: [UInt8] = []
            for start in stride(from: 0, to: content.count, by: size) {
                content[start..<min(start + size, content.count)].withUnsafeBytes {
                    transcoder.decode($0, to: &text)
                }
            }
            transcoder.finish(to: &text)
            texts.insert(text)
        }
        #expect(texts.count == 1)
        let text = try #require(texts.first)
        #expect(encoding.encode(text) == content)
        let length = text.withUnsafeBytes { text in
            text.baseAddress.map { encoding.contentLength($0, from: 0, to: text.count) }
        }
        #expect(length == content.count)
    }

    @Test func loneSurrogatesAreRejected() throws {
        var options = FileFormatOptions()
        options.encoding = .utf16
        let units: [UInt16] =
            Array("a,b\n1,2\n3,".utf16) + [0xD83D] + Array("\n".utf16) + [0xDC00] + Array(",4\n5,6\n".utf16)
        var bytes = units.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        let (outcome, checkpoints, _) = try read(bytes, options, cut: { 1 })
        #expect(outcome.rows == [["1", "2"], ["5", "6"]])
        #expect(outcome.reasons == [.invalidUTF16, .invalidUTF16])
        #expect(outcome.rejected.map(\.column) == [2, 1])
        #expect(outcome.rejected[0].raw == Array(bytes[16..<22]))
        #expect(checkpoints.last?.contentOffset == Int64(bytes.count))

        bytes += [0x37, 0, 0x2C, 0, 0x38]
        let cutOff = try read(bytes, options)
        #expect(cutOff.outcome.reasons.last == .invalidUTF16)
        #expect(cutOff.outcome.rejected.last?.raw == [0x37, 0, 0x2C, 0, 0x38])
        #expect(cutOff.checkpoints.last?.contentOffset == Int64(bytes.count))
    }

    @Test(arguments: TextEncoding.allCases) func countsContentOfDoubledQuotes(_ encoding: TextEncoding) throws {
        var options = FileFormatOptions()
        options.encoding = .fixed(encoding)
        options.batchRows = 1
        let content = Self.bytes("\"\"\"é\"\"\",b\n\"1 \"\"é\",é\n2,\"\"\"é\"\"\"", encoding)
        let (outcome, checkpoints, _) = try read(content, options)
        #expect(outcome.header == ["\"é\"", "b"])
        #expect(outcome.rows == [["1 \"é", "é"], ["2", "\"é\""]])
        #expect(checkpoints.last?.contentOffset == Int64(content.count))
        let rest = try read(content, options, resume: checkpoints[0]).outcome
        #expect(rest.rows == [["2", "\"é\""]])
    }

    @Test func latin1IsNotGuessed() throws {
        let content = Self.bytes("name,city\nZoë,Zürich\nBo,Bonn\n", .latin1)
        let outcome = try read(content).outcome
        #expect(outcome.rows == [["Bo", "Bonn"]])
        #expect(outcome.reasons == [.invalidUTF8])
        #expect(outcome.rejected.first?.raw == Array(content[10..<20]))
    }

    @Test(arguments: [TextEncoding.utf16LittleEndian, .utf16BigEndian, .windows1252])
    func resumesAnywhere(_ encoding: TextEncoding) throws {
        var numbers = SeededNumbers(11)
        var options = FileFormatOptions()
        options.encoding = .fixed(encoding)
        options.delimiter = UInt8(ascii: ",")
        options.batchRows = 1
        options.maximumRowBytes = 60
        for _ in 0..<20 {
            let text = String(decoding: RandomText.wild(&numbers, length: 300), as: UTF8.self)
            let content = Self.bytes(text, encoding)
            let (whole, checkpoints, _) = try read(content, options)
            let rejoined = try read(content, options, cut: { Int.random(in: 1...5, using: &numbers) }).outcome
            #expect(rejoined == whole)
            for checkpoint in checkpoints {
                let rest = try read(content, options, resume: checkpoint).outcome
                #expect(rest.rows == Array(whole.rows.suffix(rest.rows.count)))
                #expect(rest.rejected == Array(whole.rejected.suffix(rest.rejected.count)))
                #expect(
                    checkpoint.rows + Int64(rest.rows.count + rest.rejected.count)
                        == Int64(whole.rows.count + whole.rejected.count))
            }
        }
    }
}
