/// A way to write numbers that gives back the text from the number, byte for byte.
struct NumberStyle: Hashable, Sendable {
    enum Form: UInt8, Sendable {
        /// `-12.50`: a sign only where negative, no leading zeros, `scale` digits behind the point; without a point when
        /// the scale is 0. At most 18 digits. The number is that of all digits.
        case decimal = 1
        /// `2026-11-23`, years 1 to 9999. The number counts the days since 1970-01-01.
        case date = 2
        /// `2026-11-23T21:05:00Z`, no leap second. The number counts the seconds since 1970-01-01.
        case dateTime = 3
    }

    let form: Form
    /// Digits behind the decimal point.
    let scale: Int

    /// Most bytes that ``write(_:to:)`` gives.
    static let longest = 20
    static let largestScale = 17

    init(_ form: Form, scale: Int = 0) {
        self.form = form
        self.scale = scale
    }

    /// The style that a text may have; whether it does says ``number(_:_:)``.
    init?(_ text: UnsafePointer<UInt8>, _ count: Int) {
        guard count > 0, count <= Self.longest else { return nil }
        if count == 10, text[4] == Self.hyphen {
            self.init(.date)
        } else if count == 20, text[10] == UInt8(ascii: "T") {
            self.init(.dateTime)
        } else {
            var point = 0
            while point < count, text[point] != Self.point { point += 1 }
            let scale = point == count ? 0 : count - 1 - point
            guard scale <= Self.largestScale else { return nil }
            self.init(.decimal, scale: scale)
        }
    }

    /// The number of a text in exactly this style; nil when ``write(_:to:)`` would not give the same text back.
    @inline(__always)
    func number(_ text: UnsafePointer<UInt8>, _ count: Int) -> Int64? {
        switch form {
        case .decimal: decimal(text, count)
        case .date: count == 10 ? Self.days(text).map(Int64.init) : nil
        case .dateTime: count == 20 ? Self.seconds(text) : nil
        }
    }

    /// The numbers that ``number(_:_:)`` can give.
    var range: ClosedRange<Int64> {
        switch form {
        case .decimal: -999_999_999_999_999_999...999_999_999_999_999_999
        case .date: Self.firstDay...Self.lastDay
        case .dateTime: Self.firstDay * 86_400...Self.lastDay * 86_400 + 86_399
        }
    }

    /// Writes the text of a number of ``range``.
    ///
    /// - Parameter out: with room for 32 bytes.
    /// - Returns: the text's length.
    @inline(__always)
    func write(_ number: Int64, to out: UnsafeMutablePointer<UInt8>) -> Int {
        switch form {
        case .decimal: return writeDecimal(number, to: out)
        case .date:
            Self.writeDate(number, to: out)
            return 10
        case .dateTime:
            let day = (number &- (number < 0 ? 86_399 : 0)) / 86_400
            Self.writeDate(day, to: out)
            let second = number &- day &* 86_400
            out[10] = UInt8(ascii: "T")
            Self.writePair(second / 3_600, to: out + 11)
            out[13] = UInt8(ascii: ":")
            Self.writePair(second / 60 % 60, to: out + 14)
            out[16] = UInt8(ascii: ":")
            Self.writePair(second % 60, to: out + 17)
            out[19] = UInt8(ascii: "Z")
            return 20
        }
    }

    private static let hyphen = UInt8(ascii: "-")
    private static let point = UInt8(ascii: ".")
    private static let zero = UInt8(ascii: "0")
    /// 0001-01-01 and 9999-12-31.
    private static let firstDay: Int64 = -719_162
    private static let lastDay: Int64 = 2_932_896

    @inline(__always)
    private func decimal(_ text: UnsafePointer<UInt8>, _ count: Int) -> Int64? {
        guard count > 0 else { return nil }
        let isNegative = text[0] == Self.hyphen
        let first = isNegative ? 1 : 0
        let digits = count &- first &- (scale > 0 ? 1 : 0)
        let whole = digits &- scale
        guard whole >= 1, digits <= 18, whole == 1 || text[first] != Self.zero else { return nil }
        var value: Int64 = 0
        var at = first
        while at < count {
            if at &- first == whole {
                guard text[at] == Self.point else { return nil }
            } else {
                let digit = text[at] &- Self.zero
                guard digit < 10 else { return nil }
                value = value &* 10 &+ Int64(truncatingIfNeeded: digit)
            }
            at &+= 1
        }
        guard isNegative else { return value }
        return value == 0 ? nil : 0 &- value
    }

    @inline(__always)
    private func writeDecimal(_ number: Int64, to out: UnsafeMutablePointer<UInt8>) -> Int {
        // Backwards from the 32nd byte, then to the front.
        var rest = number.magnitude
        var at = 32
        var fraction = scale
        while fraction > 0 {
            at &-= 1
            out[at] = Self.zero &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
            fraction &-= 1
        }
        if scale > 0 {
            at &-= 1
            out[at] = Self.point
        }
        while rest >= 100 {
            at &-= 2
            Self.writePair(Int64(truncatingIfNeeded: rest % 100), to: out + at)
            rest /= 100
        }
        if rest >= 10 {
            at &-= 2
            Self.writePair(Int64(truncatingIfNeeded: rest), to: out + at)
        } else {
            at &-= 1
            out[at] = Self.zero &+ UInt8(truncatingIfNeeded: rest)
        }
        if number < 0 {
            at &-= 1
            out[at] = Self.hyphen
        }
        let count = 32 &- at
        out.update(from: out + at, count: count)
        return count
    }

    @inline(__always)
    private static func writePair(_ number: Int64, to out: UnsafeMutablePointer<UInt8>) {
        let small = UInt32(truncatingIfNeeded: number)
        out[0] = zero &+ UInt8(truncatingIfNeeded: small / 10)
        out[1] = zero &+ UInt8(truncatingIfNeeded: small % 10)
    }

    /// Two digits; negative when they are none.
    @inline(__always)
    private static func pair(_ text: UnsafePointer<UInt8>) -> Int {
        let high = text[0] &- zero
        let low = text[1] &- zero
        return high < 10 && low < 10 ? Int(high) &* 10 &+ Int(low) : -1
    }

    @inline(__always)
    private static func days(_ text: UnsafePointer<UInt8>) -> Int? {
        guard text[4] == hyphen, text[7] == hyphen else { return nil }
        let century = pair(text)
        let yearInCentury = pair(text + 2)
        let month = pair(text + 5)
        let day = pair(text + 8)
        guard century | yearInCentury | month | day >= 0 else { return nil }
        let year = century &* 100 &+ yearInCentury
        guard year > 0, month > 0, month <= 12, day > 0, day <= 31 else { return nil }
        if day > 28 {
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            let last =
                month == 2 ? (isLeap ? 29 : 28) : (month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31)
            guard day <= last else { return nil }
        }
        // Years that begin in March, so that the leap day is a year's last.
        let shifted = month <= 2 ? year &- 1 : year
        let era = shifted / 400
        let yearOfEra = shifted &- era &* 400
        let dayOfYear = (153 &* (month > 2 ? month &- 3 : month &+ 9) &+ 2) / 5 &+ day &- 1
        let dayOfEra = yearOfEra &* 365 &+ yearOfEra / 4 &- yearOfEra / 100 &+ dayOfYear
        return era &* 146_097 &+ dayOfEra &- 719_468
    }

    @inline(__always)
    private static func seconds(_ text: UnsafePointer<UInt8>) -> Int64? {
        guard text[10] == UInt8(ascii: "T"), text[13] == UInt8(ascii: ":"), text[16] == UInt8(ascii: ":"),
            text[19] == UInt8(ascii: "Z"), let days = days(text)
        else { return nil }
        let hour = pair(text + 11)
        let minute = pair(text + 14)
        let second = pair(text + 17)
        guard hour | minute | second >= 0, hour < 24, minute < 60, second < 60 else { return nil }
        return Int64(days &* 86_400 &+ hour &* 3_600 &+ minute &* 60 &+ second)
    }

    @inline(__always)
    private static func writeDate(_ days: Int64, to out: UnsafeMutablePointer<UInt8>) {
        // Never negative: the first day is one of year 1.
        let shifted = UInt32(truncatingIfNeeded: days &+ 719_468)
        let era = shifted / 146_097
        let dayOfEra = shifted &- era &* 146_097
        let yearOfEra = (dayOfEra &- dayOfEra / 1_460 &+ dayOfEra / 36_524 &- dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra &- (365 &* yearOfEra &+ yearOfEra / 4 &- yearOfEra / 100)
        let marchMonth = (5 &* dayOfYear &+ 2) / 153
        let day = dayOfYear &- (153 &* marchMonth &+ 2) / 5 &+ 1
        let month = marchMonth < 10 ? marchMonth &+ 3 : marchMonth &- 9
        let year = yearOfEra &+ era &* 400 &+ (month <= 2 ? 1 : 0)
        writePair(Int64(year / 100), to: out)
        writePair(Int64(year % 100), to: out + 2)
        out[4] = hyphen
        writePair(Int64(month), to: out + 5)
        out[7] = hyphen
        writePair(Int64(day), to: out + 8)
    }
}
