import CausewayCore
import CausewayMessages

/// The second chance of somebody who has typed everything and one thing was wrong.
struct Correction {
    let integration: Integration
    let prompt: Prompt

    /// Shows what is wrong and asks for something else.
    ///
    /// - Returns: whether the request was changed; else the error stands.
    func correct(_ request: inout CreateConnectionRequest, after error: CausewayError) throws -> Bool {
        guard prompt.isPossible, Self.isAboutTheRequest(error) else { return false }
        let failure = Failure(error)
        prompt.say(failure.message)
        for violation in failure.violations where failure.violations.count > 1 {
            prompt.say("  \(violation.field): \(violation.description)")
        }
        prompt.say("Try again with a change: NAME=VALUE, ENTITY.NAME=VALUE, or the name of a secret.")
        return try prompt.value("Change, Enter gives up") { answer in
            guard !answer.isEmpty else { return false }
            try change(&request, answer)
            return true
        }
    }

    private func change(_ request: inout CreateConnectionRequest, _ answer: String) throws {
        let method = try SignInChoice.method(request.connection?.signInMethod, of: integration)
        let set = SettingSet.connection(integration, method)
        if set.secrets.contains(where: { $0.name == answer }) {
            let secret = try prompt.secret(answer)
            request.credentials[answer] = secret.withUnsafeBytes { Array($0) }
            return
        }
        let assignment = try Assignment(answer, option: "The answer")
        let parts = assignment.name.split(separator: ".", maxSplits: 1).map(String.init)
        guard parts.count == 2 else {
            let values = try set.values([assignment])
            request.connection?.settings.merge(values) { _, new in new }
            return
        }
        guard let index = request.connection?.entities.firstIndex(where: { $0.entity == parts[0] }) else {
            throw Failure.usage("There is no entity \(parts[0]).")
        }
        let values = try SettingSet.entity(integration).values(
            [Assignment(name: parts[1], value: assignment.value)], prefix: parts[0] + ".")
        request.connection?.entities[index].settings.merge(values) { _, new in new }
    }

    /// Whether other settings may help: not where the daemon cannot be reached, refuses the caller, or the host key is
    /// in question.
    private static func isAboutTheRequest(_ error: CausewayError) -> Bool {
        let others: Set = [
            "DAEMON_NOT_RUNNING", "DAEMON_NOT_ANSWERING", "SOCKET_FORBIDDEN", "NO_ROLE", "CONNECTION_LOST",
            "CONNECTION_CLOSED", "INCOMPATIBLE_PROTOCOL", "STOPPING", "DEADLINE_EXCEEDED", "TOO_MUCH", "REFUSED",
            "ROLE_MISSING",
        ]
        guard !others.contains(error.reason), !error.reason.hasPrefix("HOST_KEY_") else { return false }
        let codes: Set<StatusCode> = [
            .invalidArgument, .outOfRange, .notFound, .permissionDenied, .failedPrecondition, .unavailable,
            .unauthenticated,
        ]
        return codes.contains(error.code)
    }
}
