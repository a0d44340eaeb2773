import CausewayMessages
import CausewayServer
import Testing

/// Who may call what.
@Suite struct PeerPolicyTests {
    private let policy = PeerPolicy(
        daemonUser: 990, roleByUser: [1001: .viewer, 1002: .operator, 1003: Role(rawValue: 9)],
        roleByGroup: [50: .operator, 51: .admin, 52: .unspecified])

    private func role(_ uid: UInt32, gid: UInt32 = 100, groups: [UInt32] = []) -> Role? {
        policy.role(of: Peer(pid: 1, uid: uid, gid: gid, groups: groups))
    }

    @Test func theDaemonsUserAndRootAreAdministrators() {
        #expect(role(990) == .admin)
        #expect(role(0) == .admin)
    }

    @Test func strangersHaveNoRole() {
        #expect(role(1) == nil)
        #expect(role(1, gid: 52) == nil)
    }

    @Test func unknownRolesAreNone() {
        #expect(role(1003) == nil)
    }

    @Test func theGreatestRoleCounts() {
        #expect(role(1001) == .viewer)
        #expect(role(1001, gid: 50) == .operator)
        #expect(role(1002, gid: 51) == .admin)
        #expect(role(1001, groups: [7, 51]) == .admin)
        #expect(role(1002, gid: 52) == .operator)
    }

    /// Every role against every method of the API: a role may call what asks for it or for less, and nothing else.
    @Test(arguments: [Role.unspecified, .viewer, .operator, .admin, Role(rawValue: 7), Role(rawValue: -1)])
    func rolesAgainstTheWholeTable(_ role: Role) {
        for method in allMethods {
            let isAllowed = PeerPolicy.allows(role, toCall: method.role)
            let isKnown = [Role.viewer, .operator, .admin].contains(role)
            #expect(isAllowed == (isKnown && role.rawValue >= method.role.rawValue), "\(role) on \(method.path)")
        }
    }

    @Test(arguments: [Role.unspecified, Role(rawValue: 4), Role(rawValue: -3)])
    func methodsOfNoKnownRoleAreForNobody(_ required: Role) {
        #expect(!PeerPolicy.allows(.admin, toCall: required))
    }
}
