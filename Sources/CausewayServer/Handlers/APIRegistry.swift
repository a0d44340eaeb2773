package import CausewayConnectorKit
package import CausewayEngine
import CausewayMessages

/// The whole API as a registry of methods: decode, call, encode, and nothing else.
package enum APIRegistry {
    package static func make(
        supervisor: Supervisor, catalogue: Catalogue, installation: Installation
    ) -> MethodRegistry {
        let queries = Queries(supervisor)
        var registry = MethodRegistry()
        CatalogueHandlers(catalogue: catalogue).register(in: &registry)
        ConnectionHandlers(supervisor: supervisor).register(in: &registry)
        RunHandlers(supervisor: supervisor).register(in: &registry)
        DataHandlers(supervisor: supervisor, queries: queries).register(in: &registry)
        QuarantineHandlers(supervisor: supervisor, queries: queries).register(in: &registry)
        AdministrationHandlers(supervisor: supervisor, queries: queries, installation: installation)
            .register(in: &registry)
        return registry
    }
}
