/// Tells numbers and times by their bytes.
enum ValueForms {
    /// Bytes of the longest value that is looked at; longer ones are texts.
    static let longest = 512

    static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    static func isBoolean(_ value: UnsafeRawBufferPointer) -> Bool {
        let word: StaticString
        switch value.count {
        case 4: word = "true"
        case 5: word = "false"
        default: return false
        }
        return word.withUTF8Buffer { word in zip(word, value).allSatisfy { $0 == $1 | 0x20 } }
    }

    /// Integer and decimal, decimal, or nothing.
    static func number(_ value: UnsafeRawBufferPointer) -> TypeCandidates {
        var at = value[0] == UInt8(ascii: "-") ? 1 : 0
        let whole = digits(value, from: at)
        guard whole > at, value[at] != UInt8(ascii: "0") || whole == at + 1 else { return [] }
        if whole == value.count {
            return fitsInt64(value, digits: at..<whole) ? [.integer, .decimal] : .decimal
        }
        at = whole
        if value[at] == UInt8(ascii: ".") {
            let end = digits(value, from: at + 1)
            guard end > at + 1 else { return [] }
            at = end
        }
        if at < value.count, value[at] | 0x20 == UInt8(ascii: "e") {
            at += 1
            if at < value.count, value[at] == UInt8(ascii: "-") || value[at] == UInt8(ascii: "+") { at += 1 }
            let end = digits(value, from: at)
            guard end > at, end - at <= 3 else { return [] }
            at = end
        }
        return at == value.count ? .decimal : []
    }

    /// The first byte at or after `start` that is no digit.
    private static func digits(_ value: UnsafeRawBufferPointer, from start: Int) -> Int {
        var at = start
        while at < value.count, isDigit(value[at]) { at += 1 }
        return at
    }

    private static func fitsInt64(_ value: UnsafeRawBufferPointer, digits: Range<Int>) -> Bool {
        guard digits.count >= 19 else { return true }
        guard digits.count == 19 else { return false }
        let limit: StaticString = digits.lowerBound == 0 ? "9223372036854775807" : "9223372036854775808"
        return limit.withUTF8Buffer { limit in
            for (most, digit) in zip(limit, value[digits]) where most != digit { return digit < most }
            return true
        }
    }

    /// Date and date-time, date-time, or nothing.
    static func time(_ value: UnsafeRawBufferPointer) -> TypeCandidates {
        guard value.count >= 10, isDate(value) else { return [] }
        if value.count == 10 { return [.date, .dateTime] }
        guard value[10] == UInt8(ascii: "T") || value[10] == UInt8(ascii: " "), let zone = clockEnd(value, from: 11)
        else {
            return []
        }
        return isZone(value, from: zone) ? .dateTime : []
    }

    private static func isDate(_ value: UnsafeRawBufferPointer) -> Bool {
        guard value[4] == UInt8(ascii: "-"), value[7] == UInt8(ascii: "-"),
            let century = pair(value, 0), let rest = pair(value, 2), let month = pair(value, 5),
            let day = pair(value, 8),
            (1...12).contains(month), day >= 1
        else { return false }
        let year = century * 100 + rest
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days =
            switch month {
            case 2: isLeap ? 29 : 28
            case 4, 6, 9, 11: 30
            default: 31
            }
        return year > 0 && day <= days
    }

    /// The first byte behind "12:30", "12:30:05" or "12:30:05.25", nil when there is no such thing.
    private static func clockEnd(_ value: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard let hour = pair(value, start), hour < 24, byte(value, start + 2) == UInt8(ascii: ":"),
            let minute = pair(value, start + 3), minute < 60
        else { return nil }
        guard byte(value, start + 5) == UInt8(ascii: ":") else { return start + 5 }
        guard let second = pair(value, start + 6), second < 60 else { return nil }
        guard byte(value, start + 8) == UInt8(ascii: ".") else { return start + 8 }
        let end = digits(value, from: start + 9)
        return (1...9).contains(end - start - 9) ? end : nil
    }

    private static func isZone(_ value: UnsafeRawBufferPointer, from start: Int) -> Bool {
        guard let sign = byte(value, start) else { return true }
        if sign == UInt8(ascii: "Z") { return value.count == start + 1 }
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), let hour = pair(value, start + 1), hour < 24
        else {
            return false
        }
        guard let next = byte(value, start + 3) else { return true }
        let minuteStart = next == UInt8(ascii: ":") ? start + 4 : start + 3
        guard let minute = pair(value, minuteStart), minute < 60 else { return false }
        return value.count == minuteStart + 2
    }

    private static func byte(_ value: UnsafeRawBufferPointer, _ at: Int) -> UInt8? {
        at < value.count ? value[at] : nil
    }

    /// The number that two digits make.
    private static func pair(_ value: UnsafeRawBufferPointer, _ at: Int) -> Int? {
        guard at + 1 < value.count, isDigit(value[at]), isDigit(value[at + 1]) else { return nil }
        return Int(value[at] - 0x30) * 10 + Int(value[at + 1] - 0x30)
    }
}
