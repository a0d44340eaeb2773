import CausewayCore

extension CausewayError {
    /// Whether the session that gave this error is over, so that the next call needs a new one.
    var endsSession: Bool { code == .unavailable || code == .cancelled }

    /// Every name that was tried is taken.
    static func noFreeName(_ name: String, in folder: String) -> CausewayError {
        CausewayError(
            .failedPrecondition, reason: "NO_FREE_NAME",
            "\(folder) has no free name left for \(name); tidy the archive folder up.",
            metadata: ["folder": folder, "name": name])
    }
}
