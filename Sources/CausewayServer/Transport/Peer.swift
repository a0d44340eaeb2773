import CausewayCore
package import CausewayMessages

/// Who is at the other end of a connection, as the kernel says (SO_PEERCRED at connect).
package struct Peer: Hashable, Sendable {
    package var pid: Int32
    package var uid: UInt32
    package var gid: UInt32
    /// Supplementary groups; empty where the kernel does not tell.
    package var groups: [UInt32]

    package init(pid: Int32, uid: UInt32, gid: UInt32, groups: [UInt32] = []) {
        self.pid = pid
        self.uid = uid
        self.gid = gid
        self.groups = groups
    }
}

/// Which role a peer has. Who is not named has none, and is refused before a byte of theirs is read.
package struct PeerPolicy: Hashable, Sendable {
    /// Users that may do everything: the daemon's own and root.
    package var admins: Set<UInt32>
    package var roleByUser: [UInt32: Role]
    /// By primary or supplementary group.
    package var roleByGroup: [UInt32: Role]

    /// - Parameter daemonUser: the user that the daemon runs as.
    package init(daemonUser: UInt32, roleByUser: [UInt32: Role] = [:], roleByGroup: [UInt32: Role] = [:]) {
        admins = [0, daemonUser]
        self.roleByUser = roleByUser
        self.roleByGroup = roleByGroup
    }

    /// The peer's greatest role, nil for a stranger.
    package func role(of peer: Peer) -> Role? {
        if admins.contains(peer.uid) { return .admin }
        var best = roleByUser[peer.uid] ?? .unspecified
        for group in [peer.gid] + peer.groups {
            guard let role = roleByGroup[group], role.rawValue > best.rawValue else { continue }
            best = role
        }
        return Self.isGranted(best) ? best : nil
    }

    /// Whether `role` may call a method that declares `required`. A method that declares none, or one unknown here,
    /// is for nobody.
    package static func allows(_ role: Role, toCall required: Role) -> Bool {
        isGranted(role) && isGranted(required) && role.rawValue >= required.rawValue
    }

    /// Lets only admins ask for what fields marked sensitive hold.
    ///
    /// - Throws: ``CausewayError`` `PERMISSION_DENIED`.
    static func checkReveal(_ isAsked: Bool, _ context: CallContext) throws(CausewayError) {
        guard !isAsked || allows(context.role, toCall: .admin) else {
            throw CausewayError(
                .permissionDenied, reason: "PERMISSION_DENIED",
                "Values of sensitive fields are for the role admin; without reveal_sensitive they are left out.")
        }
    }

    private static func isGranted(_ role: Role) -> Bool {
        role.rawValue >= Role.viewer.rawValue && role.rawValue <= Role.admin.rawValue
    }
}
