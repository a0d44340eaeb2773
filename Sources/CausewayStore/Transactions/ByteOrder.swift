import Glibc

/// Whether `a` stands before `b` in bytewise order.
func isBelow(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
    let common = min(a.count, b.count)
    guard common > 0, let first = a.baseAddress, let second = b.baseAddress else { return a.count < b.count }
    let order = memcmp(first, second, common)
    return order == 0 ? a.count < b.count : order < 0
}

/// Whether `bytes` begins with `prefix`.
func hasPrefix(_ bytes: UnsafeRawBufferPointer, _ prefix: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count >= prefix.count else { return false }
    guard let start = bytes.baseAddress, let wanted = prefix.baseAddress else { return prefix.isEmpty }
    return memcmp(start, wanted, prefix.count) == 0
}

/// Whether `a` stands before `b` in bytewise order.
func isBelow(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    a.withUnsafeBytes { a in b.withUnsafeBytes { b in isBelow(a, b) } }
}
