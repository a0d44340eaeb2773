import CCausewayProto
import CProtobufC

/// The C arena with an owner.
///
/// Everything taken from it is gone when it is.
struct Arena: ~Copyable {
    private let arena: OpaquePointer

    /// Fails only without memory.
    init(chunk: Int, limit: Int) throws(MessageError) {
        guard let arena = causeway_arena_create(chunk, limit) else { throw MessageError(.tooLarge) }
        self.arena = arena
    }

    deinit {
        causeway_arena_destroy(arena)
    }

    var allocator: UnsafeMutablePointer<ProtobufCAllocator> { causeway_arena_allocator(arena) }

    /// A request was refused.
    var isExhausted: Bool { causeway_arena_is_exhausted(arena) != 0 }

    /// Room for one value, not initialised; for C types only, nothing is ever deinitialised.
    func one<T>(_ type: T.Type) throws(MessageError) -> UnsafeMutablePointer<T> {
        try array(of: type, count: 1)
    }

    /// Room for values in a row, not initialised; for C types only.
    func array<T>(of type: T.Type, count: Int) throws(MessageError) -> UnsafeMutablePointer<T> {
        let (size, overflow) = MemoryLayout<T>.stride.multipliedReportingOverflow(by: count)
        guard !overflow, let memory = causeway_arena_take(arena, size) else { throw MessageError(.tooLarge) }
        return memory.bindMemory(to: type, capacity: count)
    }

    /// A copy that ends in NUL.
    func text(_ string: String) throws(MessageError) -> UnsafeMutablePointer<CChar> {
        let utf8 = string.utf8
        let copy = try array(of: CChar.self, count: utf8.count + 1)
        let bytes = UnsafeMutableRawBufferPointer(start: copy, count: utf8.count)
        bytes.copyBytes(from: utf8)
        copy[utf8.count] = 0
        guard !bytes.contains(0) else { throw MessageError(.nulInText) }
        return copy
    }

    /// A copy.
    func bytes(_ bytes: [UInt8]) throws(MessageError) -> ProtobufCBinaryData {
        guard !bytes.isEmpty else { return ProtobufCBinaryData(len: 0, data: nil) }
        let copy = try array(of: UInt8.self, count: bytes.count)
        UnsafeMutableRawBufferPointer(start: copy, count: bytes.count).copyBytes(from: bytes)
        return ProtobufCBinaryData(len: bytes.count, data: copy)
    }
}
