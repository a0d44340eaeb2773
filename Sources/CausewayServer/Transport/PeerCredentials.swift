import CLinux
import Glibc
import NIOCore

extension Peer {
    /// Who is at the other end of an accepted channel. To be called on its event loop.
    static func of(_ channel: any Channel) -> EventLoopFuture<Peer> {
        guard let provider = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
        }
        let credentials: EventLoopFuture<clinux_peer> = provider.unsafeGetSocketOption(
            level: .socket, name: .init(rawValue: SO_PEERCRED))
        let groups: EventLoopFuture<PeerGroups> = provider.unsafeGetSocketOption(
            level: .socket, name: .init(rawValue: peerGroupsOption))
        // A peer of more groups than fit, and a kernel that has not the option, count as having none.
        return credentials.and(groups.recover { _ in PeerGroups() }).map { credentials, groups in
            Peer(pid: credentials.pid, uid: credentials.uid, gid: credentials.gid, groups: groups.list)
        }
    }
}

/// SO_PEERGROUPS (socket(7), asm-generic/socket.h), which the Glibc module has not.
private let peerGroupsOption = Int32(59)

/// Room for the answer. What the kernel leaves is zero: the group root, which never gets a role here.
private struct PeerGroups: Sendable {
    private var numbers = InlineArray<256, UInt32>(repeating: 0)

    var list: [UInt32] {
        var list: [UInt32] = []
        for index in numbers.indices where numbers[index] != 0 { list.append(numbers[index]) }
        return list
    }
}
