package import CausewayConnectorKit

/// Every connector of the product. A new one is a folder beside this file and a line here.
package enum ConnectorCatalogue {
    package static let standard = Catalogue([
        SFTPConnector()
    ])
}
