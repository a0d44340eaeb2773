import CausewayMessages
import Testing

@testable import CausewayCommands

@Suite struct DocumentTests {
    /// The form is part of the interface.
    @Test func theFormOfAConnection() {
        #expect(
            ConnectionDocument.json(of: sampleConnection).written(.indented) == """
                {
                  "apiVersion": "causeway/v1",
                  "kind": "Connection",
                  "metadata": {
                    "displayName": "CRM",
                    "name": "crm"
                  },
                  "spec": {
                    "credentials": {
                      "password": {
                        "kept": true
                      }
                    },
                    "direction": "inbound",
                    "entities": [
                      {
                        "entity": "customers",
                        "settings": {
                          "folder": "/in",
                          "header": true,
                          "primary_key": [
                            "id"
                          ]
                        }
                      }
                    ],
                    "integration": "sftp",
                    "schedule": {
                      "catchUp": "run-once",
                      "when": "daily 02:30 Europe/Paris"
                    },
                    "settings": {
                      "host": "sftp.example.com",
                      "host_key_fingerprint": [
                        "SHA256:abc"
                      ],
                      "port": 2222,
                      "username": "acme"
                    },
                    "signInMethod": "password"
                  }
                }
                """)
    }

    @Test(arguments: [false, true])
    func readingWhatIsShownChangesNothing(status: Bool) throws {
        let text = ConnectionDocument.json(of: sampleConnection, status: status).written(.indented)
        let documents = try ConnectionApply.documents(Array(text.utf8))
        let connection = try #require(documents.first).connection(sampleIntegration)
        #expect(ConnectionChange(from: sampleConnection, to: connection, sampleIntegration).isEmpty)
    }

    @Test func theFormInTheHelpIsReadToo() throws {
        let document = try #require(try ConnectionApply.documents(Array(ConnectionApply.form.utf8)).first)
        let connection = try document.connection(sampleIntegration)
        #expect(connection.settings["port"]?.kind == .integer(22))
        #expect(document.credentials == ["password": .file("/run/secrets/crm")])
        #expect(ScheduleText.text(connection.schedule) == "daily 02:30 Europe/Paris")
    }

    @Test func whatIsListedIsReadToo() throws {
        let report = Report.connections([sampleConnection, sampleConnection], testClock)
        #expect(try ConnectionApply.documents(Array(report.json.written(.compact).utf8)).map(\.name) == ["crm", "crm"])
    }

    @Test func whatEqualsItsDefaultIsAsGoodAsNotGiven() {
        var other = sampleConnection
        other.settings["keep_alive"] = SettingValue(.text("30s"))
        other.entities[0].settings["header"] = nil
        #expect(ConnectionChange(from: sampleConnection, to: other, sampleIntegration).isEmpty)
    }

    @Test func changesAreNamed() {
        var other = sampleConnection
        other.displayName = "Customers"
        other.settings["port"] = nil
        other.entities[0].settings["folder"] = SettingValue(.text("/out"))
        other.entities.append(.with { $0.entity = "orders" })
        other.schedule?.catchUp = .skip
        let change = ConnectionChange(from: sampleConnection, to: other, sampleIntegration)
        #expect(change.mask == ["display_name", "settings", "entities", "schedule"])
        #expect(
            change.lines == [
                "displayName: CRM → Customers", "settings.port: 2222 → (default)",
                "entity customers.folder: /in → /out", "entity orders: added",
                "schedule: daily 02:30 Europe/Paris → daily 02:30 Europe/Paris, catch-up skip",
            ])
    }

    @Test(arguments: [
        (#"[]"#, "The document: an object"),
        (#"{"apiVersion":"causeway/v2","kind":"Connection"}"#, "apiVersion: \"causeway/v1\" is expected"),
        (#"{"apiVersion":"causeway/v1","kind":"Connection","spec":{}}"#, "metadata: is missing"),
        (
            #"{"apiVersion":"causeway/v1","kind":"Connection","metadata":{"name":"A"},"spec":{}}"#,
            "metadata.name: \"A\""
        ),
        (#"{"apiVersion":"causeway/v1","kind":"Connection","metadata":{"name":"a","x":1},"spec":{}}"#, "metadata.x"),
        (
            #"{"apiVersion":"causeway/v1","kind":"Connection","metadata":{"name":"a"},"spec":{"integration":"sftp","typo":1}}"#,
            "spec.typo"
        ),
        (
            #"{"apiVersion":"causeway/v1","kind":"Connection","metadata":{"name":"a"},"spec":{"integration":"sftp","credentials":{"password":"hunter2"}}}"#,
            "spec.credentials.password: an object"
        ),
        (
            #"{"apiVersion":"causeway/v1","kind":"Connection","metadata":{"name":"a"},"spec":{"integration":"sftp","entities":[{"entity":"x"},{"entity":"x"}]}}"#,
            "given twice"
        ),
    ])
    func refuses(_ text: String, _ message: String) {
        #expect { try ConnectionApply.documents(Array(text.utf8)) } throws: { error in
            guard let failure = error as? Failure else { return false }
            return failure.status == .dataError && failure.message.contains(message)
                && !"\(failure)".contains("hunter2")
        }
    }

    @Test func aSecretAmongTheSettingsIsRefused() throws {
        let text =
            #"{"apiVersion":"causeway/v1","kind":"Connection","metadata":{"name":"a"},"#
            + #""spec":{"integration":"sftp","settings":{"password":"hunter2"}}}"#
        let document = try #require(try ConnectionApply.documents(Array(text.utf8)).first)
        #expect { try document.connection(sampleIntegration) } throws: { !"\($0)".contains("hunter2") }
    }
}
