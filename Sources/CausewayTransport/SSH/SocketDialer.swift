import CausewayCore
import Glibc
import Synchronization

/// Finds a host's addresses and connects to the first one that answers.
///
/// The resolver of the system cannot be interrupted, so it runs on a thread of its own that a cancelled call leaves
/// behind; it ends by the resolver's own timeouts, and there are never more than ``mostResolvers``.
struct SocketDialer {
    let target: SSHTarget
    let waiter: SocketWaiter

    private static let mostResolvers = 32
    private static let resolvers = Atomic(0)

    /// - Parameter deadline: for all addresses together; each has its share of what is left.
    /// - Returns: a connected, non-blocking socket, and its address in numbers.
    func connect(until deadline: Duration) throws(CausewayError) -> (socket: Int32, address: String) {
        let addresses = try resolve(until: deadline)
        var failure = SystemError(ETIMEDOUT)
        for (index, address) in addresses.enumerated() {
            let now = monotonicNow()
            guard now < deadline else { break }
            let share = (deadline - now) / (addresses.count - index)
            switch try connect(to: address, until: now + share) {
            case .success(let socket): return (socket, address.text)
            case .failure(let error): failure = error
            }
        }
        throw .notConnected(target, failure)
    }

    private func connect(
        to address: SocketAddress, until deadline: Duration
    ) throws(CausewayError) -> Result<Int32, SystemError> {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(address.family, type, 0)
        guard descriptor >= 0 else { return .failure(SystemError(errno)) }
        do {
            if let failure = try finishConnecting(descriptor, to: address, until: deadline) {
                close(descriptor)
                return .failure(failure)
            }
            var on: Int32 = 1
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
            return .success(descriptor)
        } catch {
            close(descriptor)
            throw error
        }
    }

    private func finishConnecting(
        _ descriptor: Int32, to address: SocketAddress, until deadline: Duration
    ) throws(CausewayError) -> SystemError? {
        let result = address.bytes.withUnsafeBytes { bytes in
            Glibc.connect(descriptor, bytes.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t(bytes.count))
        }
        guard result != 0 else { return nil }
        guard errno == EINPROGRESS else { return SystemError(errno) }
        while true {
            switch try waiter.wait(for: Int32(POLLOUT), on: descriptor, until: deadline) {
            case .woken: continue
            case .deadline: return SystemError(ETIMEDOUT)
            case .ready:
                var failure: Int32 = 0
                var size = socklen_t(MemoryLayout<Int32>.size)
                getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failure, &size)
                return failure == 0 ? nil : SystemError(failure)
            }
        }
    }

    // MARK: Names

    private func resolve(until deadline: Duration) throws(CausewayError) -> [SocketAddress] {
        let host = target.host
        let port = target.port
        let numeric = SocketAddress.look(up: host, port: port, flags: AI_NUMERICHOST)
        if case .success(let addresses) = numeric { return addresses }

        guard Self.resolvers.add(1, ordering: .relaxed).newValue <= Self.mostResolvers else {
            Self.resolvers.subtract(1, ordering: .relaxed)
            throw .notResolved(target, "too many names are being looked up")
        }
        let answer = Answer()
        let wake = waiter.wake
        let failure = startDetachedThread("causeway-names", stackBytes: 512 << 10) {
            let found = SocketAddress.look(up: host, port: port, flags: AI_ADDRCONFIG)
            answer.value.withLock { $0 = found }
            wake.signal()
            Self.resolvers.subtract(1, ordering: .relaxed)
        }
        guard failure == 0 else {
            Self.resolvers.subtract(1, ordering: .relaxed)
            throw .notResolved(target, SystemError(failure).description)
        }
        while true {
            switch answer.value.withLock({ $0 }) {
            case .success(let addresses)?: return addresses
            case .failure(let error)?: throw .notResolved(target, error.text)
            case nil: break
            }
            if try waiter.wait(for: 0, on: -1, until: deadline) == .deadline {
                throw .notResolved(target, "the name servers did not answer in time")
            }
        }
    }

    private final class Answer: Sendable {
        let value = Mutex<Result<[SocketAddress], ResolverError>?>(nil)
    }
}

private struct ResolverError: Error {
    let text: String
}

/// A sockaddr of any family.
private struct SocketAddress: Sendable {
    let family: Int32
    let bytes: [UInt8]
    /// In numbers.
    let text: String

    static func look(up host: String, port: UInt16, flags: Int32) -> Result<[SocketAddress], ResolverError> {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = flags | AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(host, String(port), &hints, &list)
        guard result == 0 else { return .failure(ResolverError(text: String(cString: gai_strerror(result)))) }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = list
        while let entry = next, addresses.count < 16 {
            addresses.append(SocketAddress(entry.pointee))
            next = entry.pointee.ai_next
        }
        return .success(addresses)
    }

    private init(_ entry: addrinfo) {
        family = entry.ai_family
        bytes = Array(UnsafeRawBufferPointer(start: entry.ai_addr, count: Int(entry.ai_addrlen)))
        var buffer = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let result = getnameinfo(
            entry.ai_addr, entry.ai_addrlen, &buffer, socklen_t(buffer.count), nil, 0, NI_NUMERICHOST)
        text = result == 0 ? buffer.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" } : ""
    }
}
