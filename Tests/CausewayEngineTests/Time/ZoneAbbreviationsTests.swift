import Testing

@testable import CausewayEngine

@Suite struct ZoneAbbreviationsTests {
    /// A TZif file of version 2 with an empty first block, two types and two transitions.
    private func file(names: String = "CET\0CEST\0", types: [(Int32, UInt8)] = [(3_600, 0), (7_200, 4)]) -> [UInt8] {
        func header(_ counts: [UInt32]) -> [UInt8] {
            Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15) + counts.flatMap { bigEndian($0) }
        }
        var bytes = header([0, 0, 0, 0, 1, 1]) + [0, 0, 0, 0, 0, 0, 0]
        bytes += header([0, 0, 0, 2, UInt32(types.count), UInt32(names.utf8.count)])
        bytes += bigEndian(Int64(1_000)) + bigEndian(Int64(2_000)) + [1, 0]
        for (offset, name) in types { bytes += bigEndian(offset) + [0, name] }
        return bytes + Array(names.utf8) + Array("\nCET-1CEST\n".utf8)
    }

    private func bigEndian(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }

    @Test func offsetsHaveNames() throws {
        let names = try #require(ZoneAbbreviations(file()))
        #expect(names.abbreviation(offset: 3_600, at: 0) == "CET")
        #expect(names.abbreviation(offset: 7_200, at: 1_500) == "CEST")
        #expect(names.abbreviation(offset: 3_600, at: 9_000) == "CET")
        #expect(names.abbreviation(offset: 5_400, at: 1_500) == nil)
    }

    @Test func theNameInUseWins() throws {
        let names = try #require(ZoneAbbreviations(file(types: [(3_600, 0), (3_600, 4)])))
        #expect(names.abbreviation(offset: 3_600, at: 1_500) == "CEST")
        #expect(names.abbreviation(offset: 3_600, at: 2_500) == "CET")
    }

    @Test func digitsAreNoName() throws {
        let names = try #require(ZoneAbbreviations(file(names: "+01\0+02\0")))
        #expect(names.abbreviation(offset: 3_600, at: 1_500) == nil)
    }

    @Test func noCutAndNoChangedByteTraps() {
        let whole = file()
        for count in 0..<whole.count { _ = ZoneAbbreviations(Array(whole[..<count])) }
        for index in whole.indices {
            for value in [0, 1, 0x7F, 0xFF] as [UInt8] {
                var changed = whole
                changed[index] = value
                _ = ZoneAbbreviations(changed)?.abbreviation(offset: 3_600, at: 1_500)
            }
        }
    }

    @Test("no files outside the folder", arguments: ["../passwd", "a/../../b", ".", "", "Mars/Olympus"])
    func outside(zone: String) {
        #expect(ZoneAbbreviations(zone: zone) == nil)
    }
}
