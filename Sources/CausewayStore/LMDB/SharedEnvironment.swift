/// The environment as everybody who needs it holds it; closed when the last lets it go.
final class SharedEnvironment: Sendable {
    let environment: OpenEnvironment
    /// Of LMDB's two files.
    let folder: String

    init(_ environment: consuming OpenEnvironment, folder: String) {
        self.environment = environment
        self.folder = folder
    }

    /// Whether an earlier commit failed at its last step, so that nothing can be done any more. For the writer alone.
    func isPanicked() -> Bool {
        do throws(LMDBError) {
            _ = try WriteTransaction(environment)
            return false
        } catch {
            return error.isPanic
        }
    }
}
