/// How long the first steps of reading a file were at work, in nanoseconds, and the bytes that came out of them; all 0
/// where there is nothing to do: no clock, a file that is not packed, or one in UTF-8.
package struct ReadTimings: Hashable, Sendable {
    package var unpack: Int64 = 0
    package var unpackedBytes = 0
    package var decode: Int64 = 0
    package var decodedBytes = 0

    package init() {}

    static func += (left: inout Self, right: Self) {
        left.unpack += right.unpack
        left.unpackedBytes += right.unpackedBytes
        left.decode += right.decode
        left.decodedBytes += right.decodedBytes
    }
}
