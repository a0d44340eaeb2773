import ArgumentParser
import CausewayMessages

/// `causeway admin rotate-master-key`.
struct AdminRotateMasterKey: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate-master-key",
        abstract: "Seal every credential anew under a new master key.",
        discussion: """
            All or none, in one transaction. Backups made before need the old key.

            Example:
              causeway admin rotate-master-key
            """)

    @OptionGroup var global: GlobalOptions
    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    func run(in session: Session) async throws {
        try Confirmation.require(yes, "Make a new master key?", session.prompt)
        let response = try await session.call(
            AdministrationServiceMethods.rotateMasterKey, RotateMasterKeyRequest())
        try session.console.emit(
            Report(
                json: [
                    "resealedCredentials": .integer(response.resealedCredentials), "keyId": .string(response.keyID),
                ],
                names: [response.keyID],
                notes: [
                    "Sealed \(Wording.count(response.resealedCredentials, "credential")) anew; the key is now "
                        + "\(response.keyID)."
                ]))
    }
}
