/// The hash that tells values apart in statistics; never 0.
///
/// A value that some ``NumberStyle`` gives back byte for byte is hashed as style and number, any other as its bytes. So
/// the hash depends on the value's bytes alone, and numbers of a segment need not be written out to be hashed.
struct ValueHash: Sendable {
    private let hash: KeyedHash
    private let start: UInt64
    private let zero: UInt64

    init(_ seed: ContentSeed) {
        hash = KeyedHash(seed)
        start = hash.start(tweak: 1 << 40)
        zero = hash.start(tweak: 1 << 41) | 1
    }

    /// The start of hashes of numbers in a style.
    func start(of style: NumberStyle) -> UInt64 {
        hash.start(tweak: 1 << 42 | UInt64(style.form.rawValue) << 8 | UInt64(style.scale)) | 1
    }

    @inline(__always)
    func hash(_ number: Int64, start: UInt64) -> UInt64 { filled(hash.hash(UInt64(bitPattern: number), start: start)) }

    @inline(__always)
    func hash(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> UInt64 {
        if count > 0, bytes[0] &- 0x30 < 10 || bytes[0] == UInt8(ascii: "-"), let hash = hashOfNumber(bytes, count) {
            return hash
        }
        return filled(hash.hash(bytes, count, start: start))
    }

    @inline(never)
    private func hashOfNumber(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> UInt64? {
        guard let style = NumberStyle(bytes, count), let number = style.number(bytes, count) else { return nil }
        return hash(number, start: start(of: style))
    }

    /// What tells a field's values from other fields' in ``mix(_:_:)``.
    func secret(of field: UInt32) -> UInt64 { hash.start(tweak: UInt64(field)) }

    /// What a value adds to the content of its record.
    @inline(__always)
    static func mix(_ value: UInt64, _ secret: UInt64) -> UInt64 { CellHash.mix(value, secret) }

    /// The hash of a record's content, from what its values add up to.
    @inline(__always)
    func content(_ sum: UInt64) -> UInt64 { filled(CellHash.mix(sum, zero)) }

    @inline(__always)
    private func filled(_ hash: UInt64) -> UInt64 { hash == 0 ? zero : hash }
}
