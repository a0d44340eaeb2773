import CausewayCore
import Glibc
import Synchronization

/// The thread of a ``FaultProxy``.
struct ProxyLoop {
    private struct Link {
        let client: Int32
        let server: Int32
        let fault: FaultProxy.Fault
        var serverBytes = 0
        var clientBytes = 0
        /// Read and not written yet.
        var toClient: ArraySlice<UInt8> = []
        var toServer: ArraySlice<UInt8> = []
        var serverEnded = false
        var clientEnded = false
        var isStalled = false
        var isBroken = false

        var isDone: Bool {
            isBroken || (clientEnded && serverEnded && toClient.isEmpty && toServer.isEmpty)
        }
    }

    private static let chunk = 64 << 10
    private let shared: FaultProxy.Shared
    private var listener: Int32
    private var links: [Link] = []
    private var cuts = 0

    init(_ shared: FaultProxy.Shared) {
        self.shared = shared
        listener = shared.listener
    }

    mutating func run() {
        while true {
            let (isOver, isListening, wantedCuts) = shared.state.withLock { ($0.isOver, $0.isListening, $0.cuts) }
            if wantedCuts != cuts {
                cuts = wantedCuts
                for index in links.indices { links[index].isBroken = true }
            }
            if isOver { for index in links.indices { links[index].isBroken = true } }
            endBroken()
            listen(isListening && !isOver)
            if isOver { return }
            turn()
        }
    }

    private mutating func listen(_ wanted: Bool) {
        if !wanted, listener >= 0 {
            close(listener)
            listener = -1
        } else if wanted, listener < 0 {
            listener = (try? LoopbackSocket.listen(on: shared.port)) ?? -1
        }
    }

    private mutating func turn() {
        var entries = [
            pollfd(fd: shared.wakeReader, events: Int16(POLLIN), revents: 0),
            pollfd(fd: listener, events: Int16(POLLIN), revents: 0),
        ]
        for link in links {
            var client = link.toServer.isEmpty && !link.clientEnded ? POLLIN : 0
            if !link.toClient.isEmpty { client |= POLLOUT }
            var server = link.toClient.isEmpty && !link.serverEnded && !link.isStalled ? POLLIN : 0
            if !link.toServer.isEmpty { server |= POLLOUT }
            // A side that nothing is wanted of is left out: its end would be reported for ever.
            entries.append(pollfd(fd: client == 0 ? -1 : link.client, events: Int16(client), revents: 0))
            entries.append(pollfd(fd: server == 0 ? -1 : link.server, events: Int16(server), revents: 0))
        }
        guard poll(&entries, nfds_t(entries.count), -1) > 0 else { return }
        if entries[0].revents != 0 {
            var bytes = [UInt8](repeating: 0, count: 64)
            _ = read(shared.wakeReader, &bytes, bytes.count)
        }
        for index in links.indices {
            if entries[2 + 2 * index].revents != 0 { serveClient(index) }
            if entries[3 + 2 * index].revents != 0 { serveServer(index) }
        }
        if entries[1].revents != 0 { accept() }
        endBroken()
    }

    private mutating func accept() {
        let client = Glibc.accept(listener, nil, nil)
        guard client >= 0 else { return }
        let (fault, target) = shared.state.withLock { state in
            state.connections += 1
            return (state.faults.isEmpty ? .none : state.faults.removeFirst(), state.target)
        }
        guard fault != .reset, let server = try? LoopbackSocket.connect(to: target) else {
            LoopbackSocket.reset(client)
            return
        }
        LoopbackSocket.setNonBlocking(client)
        LoopbackSocket.setNonBlocking(server)
        var link = Link(client: client, server: server, fault: fault)
        if fault == .stall(afterServerBytes: 0) { link.isStalled = stalled() }
        links.append(link)
    }

    private mutating func serveClient(_ index: Int) {
        if !links[index].toClient.isEmpty { send(\.toClient, links[index].client, index) }
        if links[index].toServer.isEmpty {
            var allowed = Self.chunk
            if case .cut(_, let most) = links[index].fault { allowed = min(allowed, most - links[index].clientBytes) }
            guard let bytes = receive(links[index].client, max(1, allowed), index) else { return }
            links[index].clientBytes += bytes.count
            shared.note { $0.clientBytes += bytes.count }
            links[index].toServer = bytes
            if bytes.isEmpty { endClientSide(index) }
            if case .cut(_, let most) = links[index].fault, links[index].clientBytes >= most {
                links[index].isBroken = true
            }
        }
        if !links[index].toServer.isEmpty { send(\.toServer, links[index].server, index) }
    }

    private mutating func serveServer(_ index: Int) {
        if !links[index].toServer.isEmpty { send(\.toServer, links[index].server, index) }
        guard links[index].toClient.isEmpty, !links[index].isStalled else { return }
        var allowed = Self.chunk
        switch links[index].fault {
        case .cut(let most, _): allowed = min(allowed, most - links[index].serverBytes)
        case .stall(let most): allowed = min(allowed, most - links[index].serverBytes)
        case .none, .reset: break
        }
        guard let bytes = receive(links[index].server, max(1, allowed), index) else { return }
        links[index].serverBytes += bytes.count
        links[index].toClient = bytes
        if bytes.isEmpty { endServerSide(index) }
        if !links[index].toClient.isEmpty { send(\.toClient, links[index].client, index) }
        switch links[index].fault {
        case .cut(let most, _) where links[index].serverBytes >= most: links[index].isBroken = true
        case .stall(let most) where links[index].serverBytes >= most: links[index].isStalled = stalled()
        case .cut, .stall, .none, .reset: break
        }
    }

    private mutating func endClientSide(_ index: Int) {
        links[index].clientEnded = true
        shutdown(links[index].server, Int32(SHUT_WR))
    }

    private mutating func endServerSide(_ index: Int) {
        links[index].serverEnded = true
        shutdown(links[index].client, Int32(SHUT_WR))
    }

    private func stalled() -> Bool {
        shared.note { $0.hasStalled = true }
        return true
    }

    /// Empty at the end; nil when there is nothing now, or the link is broken.
    private mutating func receive(_ socket: Int32, _ most: Int, _ index: Int) -> ArraySlice<UInt8>? {
        var buffer = [UInt8](repeating: 0, count: most)
        let count = recv(socket, &buffer, most, 0)
        guard count < 0 else { return buffer.prefix(count) }
        if errno != EAGAIN { links[index].isBroken = true }
        return nil
    }

    private mutating func send(_ buffer: WritableKeyPath<Link, ArraySlice<UInt8>>, _ socket: Int32, _ index: Int) {
        let count = links[index][keyPath: buffer].withUnsafeBytes {
            Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        if count > 0 { links[index][keyPath: buffer].removeFirst(count) }
        if count < 0, errno != EAGAIN { links[index].isBroken = true }
    }

    private mutating func endBroken() {
        for link in links where link.isDone {
            LoopbackSocket.reset(link.client)
            LoopbackSocket.reset(link.server)
        }
        links.removeAll(where: \.isDone)
    }
}

/// TCP on 127.0.0.1.
enum LoopbackSocket {
    static func freePort() throws(CausewayError) -> UInt16 {
        let listener = try listen(on: 0)
        defer { close(listener) }
        return try port(of: listener)
    }

    static func listen(on port: UInt16) throws(CausewayError) -> Int32 {
        let descriptor = try make()
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        guard withAddress(port, { bind(descriptor, $0, $1) }) == 0, Glibc.listen(descriptor, 64) == 0 else {
            close(descriptor)
            throw .fixture("port \(port): errno \(errno)")
        }
        return descriptor
    }

    static func connect(to port: UInt16) throws(CausewayError) -> Int32 {
        let descriptor = try make()
        guard withAddress(port, { Glibc.connect(descriptor, $0, $1) }) == 0 else {
            close(descriptor)
            throw .fixture("port \(port): errno \(errno)")
        }
        return descriptor
    }

    static func port(of descriptor: Int32) throws(CausewayError) -> UInt16 {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        guard result == 0 else { throw .fixture("getsockname: errno \(errno)") }
        return UInt16(bigEndian: address.sin_port)
    }

    static func setNonBlocking(_ descriptor: Int32) {
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    }

    /// Closes with RST instead of FIN.
    static func reset(_ descriptor: Int32) {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        close(descriptor)
    }

    private static func make() throws(CausewayError) -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .fixture("no socket: errno \(errno)") }
        return descriptor
    }

    private static func withAddress(_ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
