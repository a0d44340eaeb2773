package import CausewayCore
package import CausewayMessages

extension ProtobufMessage {
    /// Reads the message of a Request, Response or End.
    ///
    /// Fails with MESSAGE_MALFORMED (INVALID_ARGUMENT).
    package init(wireBytes bytes: [UInt8]) throws(CausewayError) {
        do throws(MessageError) {
            try self.init(decoding: bytes)
        } catch {
            throw .malformedMessage("\(Self.self)", error)
        }
    }

    /// The message for a Request, Response or End.
    ///
    /// Fails with MESSAGE_UNENCODABLE (INTERNAL) for a text that holds a NUL character.
    package func wireBytes() throws(CausewayError) -> [UInt8] {
        do throws(MessageError) {
            return try encoded()
        } catch {
            throw .unencodableMessage("\(Self.self)", error)
        }
    }
}
