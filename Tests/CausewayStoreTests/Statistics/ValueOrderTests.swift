import CausewayCore
import Testing

@testable import CausewayStore

/// How values compare, and which of them a sum may hold.
@Suite struct ValueOrderTests {
    private func key(_ text: String, _ order: ValueOrder) -> (key: Int128, fits: Bool) {
        Array(text.utf8).withUnsafeBufferPointer { bytes in
            bytes.baseAddress.map { order.key($0, bytes.count) } ?? (0, false)
        }
    }

    @Test(arguments: [
        ("0", 0 as Int128), ("-0", 0), ("1", 1_000_000_000), ("-17.25", -17_250_000_000), ("1e3", 1_000_000_000_000),
        ("25E-1", 2_500_000_000), ("0.0000000019", 1), ("-0.0000000019", -1), ("1e-12", 0), ("0e999", 0),
        ("9223372036854775807", 9_223_372_036_854_775_807_000_000_000),
        ("-9223372036854775808", -9_223_372_036_854_775_808_000_000_000),
        ("123456789012345678.123456789123", 123_456_789_012_345_678_123_456_789),
        ("0.00000000000000000000000000000000000000000001e44", 1_000_000_000),
    ])
    func numbersAreExactToNineDecimals(_ text: String, _ expected: Int128) {
        let (key, fits) = key(text, .number)
        #expect(key == expected)
        #expect(fits)
    }

    @Test(arguments: ["1e30", "-1e999", "99999999999999999999999999999999999999999", "1e9999"])
    func greatNumbersDoNotFitASum(_ text: String) {
        let (key, fits) = key(text, .number)
        #expect(!fits)
        #expect(abs(key) > self.key("9223372036854775807", .number).key)
    }

    @Test(arguments: ["", "-", "x", "1x", "1e", "1e+", "1.2.3", "1e12345"])
    func whatIsNoNumberStandsBehindAll(_ text: String) {
        guard !text.isEmpty else { return }
        let (key, fits) = key(text, .number)
        #expect(key == .max)
        #expect(!fits)
    }

    @Test func timesAreInstants() {
        #expect(key("1970-01-01", .time).key == 0)
        #expect(key("2000-03-01", .time).key == 951_868_800 * 1_000_000_000)
        #expect(key("2024-02-29T12:30", .time).key == key("2024-02-29 12:30:00Z", .time).key)
        #expect(key("2024-02-29T12:30:00.5+02:00", .time).key == key("2024-02-29T10:30:00.500Z", .time).key)
        #expect(key("2024-02-29T00:30:00+01", .time).key == key("2024-02-28T23:30:00Z", .time).key)
        #expect(key("2024-02-29T00:30:00-0130", .time).key == key("2024-02-29T02:00:00Z", .time).key)
        #expect(key("0001-01-01", .time).key < key("1969-12-31T23:59:59.999999999Z", .time).key)
        for text in ["2024-02", "2024-02-2x", "2024-02-29Tab", "2024-02-29T12:30:0", "2024-02-29T12:30+x"] {
            #expect(key(text, .time).key == .max, "\(text)")
        }
    }

    @Test func textsCompareByTheirFirstBytes() {
        let sorted = ["", "\u{0}", "a", "a\u{0}", "ab", "abcdefgh", "abcdefghi", "b", "é", "\u{10FFFF}"]
        for (lower, upper) in zip(sorted.dropFirst(), sorted.dropFirst(2)) {
            #expect(key(lower, .bytes).key <= key(upper, .bytes).key)
        }
        #expect(key("abcdefgh1", .bytes).key == key("abcdefgh2", .bytes).key)
    }
}
