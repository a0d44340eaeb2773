import CProtobufC

/// The C library that reads and writes messages, as loaded.
package enum MessageLibrary {
    /// "1.4.1".
    package static var version: String { protobuf_c_version().map { String(cString: $0) } ?? "unknown" }
}
