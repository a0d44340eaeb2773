/// The consent to what cannot be undone.
enum Confirmation {
    /// Returns if it is given, by a flag or by an answer.
    ///
    /// - Throws: ``Failure``: not given, or nobody to ask.
    static func require(_ isGiven: Bool, _ question: String, _ prompt: Prompt) throws {
        guard !isGiven else { return }
        guard prompt.isPossible else {
            throw Failure.usage("This cannot be undone, and there is no terminal to ask.", hints: ["--yes consents."])
        }
        guard try prompt.confirm(question) else { throw Failure(.interrupted, "Nothing was done.") }
    }
}
