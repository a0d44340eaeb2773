import CausewayMessages

/// Which of an integration's ways to sign in is meant.
enum SignInChoice {
    /// The method of this id; the first for nil; nil where the integration needs none.
    static func method(_ id: String?, of integration: Integration) throws(Failure) -> SignInMethod? {
        guard let id, !id.isEmpty else { return integration.signInMethods.first }
        guard let method = integration.signInMethods.first(where: { $0.id == id }) else {
            let ids = integration.signInMethods.map(\.id).joined(separator: ", ")
            throw Failure(
                .dataError, "\(integration.title) has no sign-in method \"\(id)\".", hints: ["There are: \(ids)."])
        }
        return method
    }
}
