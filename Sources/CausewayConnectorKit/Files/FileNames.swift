/// What names of files tell: whether a file is still being written, and what to call one whose name is taken.
package enum FileNames {
    /// Endings that uploaders give a file until it is whole.
    package static let temporarySuffixes = [".filepart", ".partial", ".part", ".tmp"]

    /// Whether `name` is one that uploaders use for unfinished files, or hidden.
    package static func looksUnfinished(_ name: some StringProtocol) -> Bool {
        if name.hasPrefix(".") { return true }
        let lowered = name.lowercased()
        return temporarySuffixes.contains { lowered.hasSuffix($0) }
    }

    /// The names to try for a file called `name` when that one is taken: "data-1.csv", "data-2.csv", …
    ///
    /// The number stands before the extension; a compression's extension and the one before it count as one.
    ///
    /// - Parameter attempt: 0 is the name itself.
    package static func candidate(_ name: String, attempt: Int) -> String {
        guard attempt > 0 else { return name }
        let (stem, ending) = split(name)
        return "\(stem)-\(attempt)\(ending)"
    }

    /// `folder` and `name` with one slash between them.
    package static func join(_ folder: String, _ name: some StringProtocol) -> String {
        folder.hasSuffix("/") ? "\(folder)\(name)" : "\(folder)/\(name)"
    }

    /// `folder` without slashes at its end; "/" stays.
    package static func normalized(folder: String) -> String {
        var path = Substring(folder)
        while path.count > 1, path.hasSuffix("/") { path = path.dropLast() }
        return String(path)
    }

    private static let wrappingExtensions: Set<String> = ["gz", "zst", "pgp", "gpg", "asc", "bz2"]

    private static func split(_ name: String) -> (stem: Substring, ending: Substring) {
        var (stem, ending) = splitOnce(name[...])
        if wrappingExtensions.contains(ending.dropFirst().lowercased()) {
            let inner = splitOnce(stem)
            stem = inner.stem
            ending = name[inner.ending.startIndex...]
        }
        return (stem, ending)
    }

    private static func splitOnce(_ name: Substring) -> (stem: Substring, ending: Substring) {
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return (name, name[name.endIndex...]) }
        return (name[..<dot], name[dot...])
    }
}
