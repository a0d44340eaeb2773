import CausewayCore
import CausewayMessages

/// The first meeting with a server: its host key is shown, confirmed, and pinned from then on.
enum HostKey {
    /// The setting that pins a key.
    static let setting = "host_key_fingerprint"

    /// The setting's value: a list, for a server has more than one key while it changes them.
    static func value(_ fingerprint: String) -> SettingValue {
        SettingValue(.texts(.with { $0.values = [fingerprint] }))
    }

    /// Makes an attempt, and a second one with the key's fingerprint if the first ends with an unknown host key that
    /// somebody confirms.
    ///
    /// - Parameter isGiven: a fingerprint was given already, so that nothing is asked.
    static func confirming<T>(
        _ prompt: Prompt, isGiven: Bool, _ attempt: (_ fingerprint: String?) async throws -> T
    ) async throws -> T {
        do {
            return try await attempt(nil)
        } catch let error as CausewayError where error.reason == "HOST_KEY_UNKNOWN" {
            guard !isGiven, prompt.isPossible, let fingerprint = error.metadata["fingerprint"] else { throw error }
            let type = error.metadata["key_type"] ?? error.metadata["type"]
            prompt.say("The server shows a host key that is not known yet:")
            prompt.say("  \(type.map { "\($0)  " } ?? "")\(fingerprint)")
            prompt.say("Compare it with the one that the server's operator gives you.")
            guard try prompt.confirm("Is it the same, and do you trust this server?") else {
                throw Failure(
                    .precondition, reason: "HOST_KEY_REFUSED", "The host key was not confirmed; nothing was done.")
            }
            return try await attempt(fingerprint)
        }
    }
}

extension [String: SettingValue] {
    /// These settings with the host key pinned, in place of those that were.
    func pinning(_ fingerprint: String?) -> Self {
        guard let fingerprint else { return self }
        var settings = self
        settings[HostKey.setting] = HostKey.value(fingerprint)
        return settings
    }
}
