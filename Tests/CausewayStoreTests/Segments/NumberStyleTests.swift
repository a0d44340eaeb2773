import CausewayCore
import Testing

@testable import CausewayStore

@Suite struct NumberStyleTests {
    /// The text that a number gives back, nil when the text has no style.
    private func rebuilt(_ text: String, _ style: NumberStyle? = nil) -> String? {
        let bytes = Array(text.utf8)
        return bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress, let style = style ?? NumberStyle(base, buffer.count),
                let number = style.number(base, buffer.count)
            else { return nil }
            #expect(style.range.contains(number))
            return self.text(number, style)
        }
    }

    private func text(_ number: Int64, _ style: NumberStyle) -> String {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { out in
            guard let base = out.baseAddress else { return "" }
            let count = style.write(number, to: base)
            #expect(count <= NumberStyle.longest)
            return String(decoding: UnsafeBufferPointer(start: base, count: count), as: UTF8.self)
        }
    }

    @Test(arguments: [
        "0", "7", "10", "-1", "999", "1000", "123456789012345678", "-999999999999999999", "0.5", "-0.50", "1.50",
        "0.00",
        "12.3", "-100.001", "0.12345678901234567", "1234567.89012345678", "0001-01-01", "1600-02-29", "1969-12-31",
        "1970-01-01", "2000-02-29", "2024-02-29", "2100-02-28", "9999-12-31", "1969-12-31T23:59:59Z",
        "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-11-23T21:05:09Z",
    ])
    func givesTheTextBack(_ text: String) {
        #expect(rebuilt(text) == text)
    }

    @Test(arguments: [
        "", "-", "+1", "00", "007", "-0", "-0.0", "-0.00", ".", "1.", ".5", "-.5", "00.5", "01.5", "1.2.3", "1,5", " 1",
        "1 ",
        "1e5", "0x1", "--1", "1-", "nan", "1234567890123456789", "-1234567890123456789", "0.123456789012345678",
        "1.123456789012345678", "１", "0000-01-01", "2023-02-29", "1900-02-29", "2024-00-10", "2024-13-01", "2024-04-31",
        "2024-01-00", "2024-01-32", "2024-1-01", "2024/01/01", "24-01-01", "-024-01-01", "2024-01-1x",
        "2026-11-23T21:05:60Z", "2026-11-23T24:00:00Z", "2026-11-23T21:60:00Z", "2026-11-23t21:05:09Z",
        "2026-11-23T21:05:09z", "2026-11-23 21:05:09Z", "2026-11-23T21:05:09+", "2026-11-23T2a:05:09Z",
        "0000-01-01T00:00:00Z", "2023-02-29T00:00:00Z",
    ])
    func takesNoTextThatItCannotGiveBack(_ text: String) {
        #expect(rebuilt(text) == nil)
    }

    @Test func givesEveryDayBack() {
        let style = NumberStyle(.date)
        let seconds = NumberStyle(.dateTime)
        var day = style.range.lowerBound
        while day <= style.range.upperBound {
            let text = text(day, style)
            let date = LocalDate(daysSinceEpoch: Int(day)).components
            let year = String(10_000 + date.year).dropFirst()
            let month = String(100 + date.month).dropFirst()
            #expect(text == "\(year)-\(month)-\(String(100 + date.day).dropFirst())")
            #expect(rebuilt(text, style) == text)
            #expect(self.text(day * 86_400, seconds) == text + "T00:00:00Z")
            #expect(self.text(day * 86_400 + 86_399, seconds) == text + "T23:59:59Z")
            day += 367
        }
    }

    @Test func givesRandomTextsBackOrRefusesThem() {
        var random = RowRandom(11)
        let letters = Array("0123456789.-0011TZ:")
        var taken = 0
        for _ in 0..<40_000 {
            let text = String((0..<1 + random.below(21)).map { _ in letters[random.below(letters.count)] })
            guard let again = rebuilt(text) else { continue }
            #expect(again == text)
            taken += 1
        }
        #expect(taken > 1_000)
    }

    @Test func givesRandomNumbersBack() {
        var random = RowRandom(12)
        for _ in 0..<20_000 {
            let style = NumberStyle(.decimal, scale: random.below(18))
            let magnitude = Int64(random.next() % 1_000_000_000_000_000_000) >> Int64(random.below(60))
            let number = random.chance(50) ? -magnitude : magnitude
            let bytes = Array(text(number, style).utf8)
            let again = bytes.withUnsafeBufferPointer { buffer in
                buffer.baseAddress.flatMap { style.number($0, buffer.count) }
            }
            #expect(again == number)
        }
    }
}
