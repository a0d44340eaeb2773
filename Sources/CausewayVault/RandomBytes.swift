package import CausewayCore

import Glibc

/// Random bytes for keys and nonces.
package struct RandomBytes: Sendable {
    private let fill: @Sendable (UnsafeMutableRawBufferPointer) throws(CausewayError) -> Void

    /// - Parameter fill: fills the whole buffer with bytes that nobody can predict.
    package init(_ fill: @escaping @Sendable (UnsafeMutableRawBufferPointer) throws(CausewayError) -> Void) {
        self.fill = fill
    }

    /// Bytes of `source`: for simulations only, unless the source is a cryptographic one.
    package init(_ source: any RandomSource) {
        self.init { (buffer: UnsafeMutableRawBufferPointer) throws(CausewayError) in
            for index in buffer.indices { buffer[index] = UInt8(truncatingIfNeeded: source.next()) }
        }
    }

    /// The kernel's generator, getentropy(3).
    package static let system = RandomBytes { (buffer: UnsafeMutableRawBufferPointer) throws(CausewayError) in
        // It gives at most 256 bytes a call.
        for start in stride(from: 0, to: buffer.count, by: 256) {
            let count = min(256, buffer.count - start)
            guard getentropy(buffer.baseAddress?.advanced(by: start), count) == 0 else {
                throw CausewayError(
                    .internal, reason: "RANDOM_UNAVAILABLE", "The kernel gives no random bytes (errno \(errno)).",
                    metadata: ["errno": "\(errno)"])
            }
        }
    }

    func bytes(_ count: Int) throws(CausewayError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        do {
            try bytes.withUnsafeMutableBytes { try fill($0) }
        } catch {
            throw .wrapping(error)
        }
        return bytes
    }

    /// As ``bytes(_:)``, leaving no other copy behind.
    func secret(_ count: Int) throws(CausewayError) -> Secret {
        var bytes = try bytes(count)
        defer { wipe(&bytes) }
        return Secret(bytes)
    }
}

/// Overwrites `bytes` with zeros. They must not be shared with another array.
func wipe(_ bytes: inout [UInt8]) {
    bytes.withUnsafeMutableBytes { buffer in
        if let base = buffer.baseAddress { explicit_bzero(base, buffer.count) }
    }
}
