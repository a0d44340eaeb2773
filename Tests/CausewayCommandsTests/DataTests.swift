import CausewayCore
import CausewayMessages
import Testing

@testable import CausewayCommands

/// An entity as the daemon would show it.
let sampleEntity = Entity.with {
    $0.name = "connections/crm/entities/customers"
    $0.displayName = "Customers"
    $0.createTime = time(1_795_400_000)
    $0.dataUpdateTime = time(1_795_460_000)
    $0.metadataFetchTime = time(1_795_460_010)
    $0.recordCount = 99_996
    $0.nullValues = 0.036
    $0.completeness = 0.964
    $0.repetition = 0.023
    $0.dataQuality = 0.941
    $0.qualityVersion = 1
    $0.statisticsTime = time(1_795_460_010)
    $0.reloadTime = time(1_795_460_010)
    $0.primaryKey = ["id"]
    $0.fieldCount = 2
    $0.quarantinedRows = 3
    $0.last7Days = [
        .with { $0.date = "2026-11-22" },
        .with {
            $0.date = "2026-11-23"
            $0.newRecords = 99_000
            $0.updatedRecords = 1_000
        },
    ]
}

/// A field as the daemon would show it.
let sampleField = Field.with {
    $0.name = "connections/crm/entities/customers/fields/country"
    $0.displayName = "Country"
    $0.apiLabel = "country"
    $0.type = .text
    $0.required = true
    $0.position = 1
    $0.rowCount = 100
    $0.valueCount = 80
    $0.distinctCount = 3
    $0.minimum = .with { $0.text = "de" }
    $0.maximum = .with { $0.text = "日本" }
    $0.shortestLength = 2
    $0.longestLength = 12
    $0.topValues = [
        .with {
            $0.value = .with { $0.text = "de" }
            $0.count = 60
            $0.share = 0.75
        },
        .with {
            $0.value = .with { $0.text = "日本" }
            $0.count = 15
            $0.share = 0.1875
        },
        .with {
            $0.value = .with { $0.text = "" }
            $0.count = 5
            $0.share = 0.0625
        },
    ]
    $0.dataUpdateTime = time(1_795_460_000)
    $0.metadataFetchTime = time(1_795_460_010)
    $0.statisticsTime = time(1_795_460_010)
}

@Suite struct DataReportTests {
    private let clock = testClock
    private let overview = ConnectionOverview.with {
        $0.name = "connections/crm"
        $0.connectTime = time(1_795_460_000)
        $0.totalRecords = 99_996
        $0.totalEntities = 1
        $0.nullValues = 0.036
        $0.completeness = 0.964
        $0.repetition = 0.023
        $0.dataQuality = 0.941
        $0.statisticsTime = time(1_795_460_010)
        $0.last7Days = sampleEntity.last7Days
        $0.entities = [sampleEntity]
    }

    private func text(_ report: Report, width: Int? = nil) -> String {
        report.lines(width: width, colours: false).joined(separator: "\n")
    }

    @Test func aConnection() {
        #expect(
            text(.overview(overview, clock)) == """
                Connection                  crm
                Connected                   2026-11-23 19:53:20 (14 min 47 s ago)
                Total records               99,996
                Total entities              1
                Data quality                94.1 % (completeness 96.4 %, repetition 2.3 %)
                Null values                 3.6 %
                Figures of                  2026-11-23 19:53:30 (14 min 37 s ago)
                Fetched in the last 7 days  100,000 (99,000 new, 1,000 updated)

                New and updated records by day
                DAY            NEW  UPDATED  █ new ▒ updated
                2026-11-22       0        0
                2026-11-23  99,000    1,000  █████████████████████████████▒

                Entities
                ENTITY     RECORDS  FIELDS  QUALITY  COMPLETE  REPEATED  QUARANTINED  7 DAYS  DATA UPDATED
                customers   99,996       2   94.1 %    96.4 %     2.3 %            3  ▁█      2026-11-23 19:53:20
                """)
    }

    @Test func allConnections() {
        var empty = ConnectionOverview()
        empty.name = "connections/webshop"
        #expect(
            text(.overviews([overview, empty], clock)) == """
                CONNECTION  RECORDS  ENTITIES  QUALITY  COMPLETE  REPEATED  LAST 7 DAYS  BY DAY  CONNECTED
                crm          99,996         1   94.1 %    96.4 %     2.3 %      100,000  ▁█      2026-11-23 19:53:20
                webshop           0         0        –         –         –            0
                all          99,996         1                                   100,000
                """)
        #expect(
            text(.overviews([overview, empty], clock), width: 80) == """
                CONNECTION  RECORDS  ENTITIES  QUALITY  COMPLETE  REPEATED  LAST 7 DAYS  BY DAY
                crm          99,996         1   94.1 %    96.4 %     2.3 %      100,000  ▁█
                webshop           0         0        –         –         –            0
                all          99,996         1                                   100,000
                """)
        let json = Report.overviews([overview, empty], clock).json
        #expect(json["overviews"] == .array([overview.json, empty.json]))
    }

    @Test func anEntityWithItsMetadata() {
        var id = Field.with {
            $0.apiLabel = "id"
            $0.displayName = "id"
            $0.type = .integer
            $0.primaryKey = true
            $0.rowCount = 100
            $0.valueCount = 100
            $0.distinctCount = 100
            $0.statisticsTime = time(1_795_460_010)
        }
        id.sensitive = true
        let report = Report.entity(sampleEntity, clock, fields: [id, sampleField])
        #expect(
            text(report) == """
                Entity                      connections/crm/entities/customers
                Display name                Customers
                Created                     2026-11-23 03:13:20 (16 h 54 min ago)
                Last updated by data        2026-11-23 19:53:20 (14 min 47 s ago)
                Metadata fetched            2026-11-23 19:53:30 (14 min 37 s ago)
                Primary key                 id
                Records                     99,996
                Fields                      2
                Data quality                94.1 % (completeness 96.4 %, repetition 2.3 %)
                Null values                 3.6 %
                Figures of                  2026-11-23 19:53:30 (14 min 37 s ago)
                Counted anew                2026-11-23 19:53:30 (14 min 37 s ago)
                Fetched in the last 7 days  100,000 (99,000 new, 1,000 updated)
                In quarantine               3 rows

                New and updated records by day
                DAY            NEW  UPDATED  █ new ▒ updated
                2026-11-22       0        0
                2026-11-23  99,000    1,000  █████████████████████████████▒

                Metadata
                API LABEL  DISPLAY NAME  TYPE     KEY  REQUIRED  READ-ONLY  SENSITIVE    NULL  DISTINCT
                id         id            integer  key                       yes         0.0 %       100
                country    Country       text          yes                             20.0 %         3
                """)
        #expect(report.json["fields"] == .array([id.json, sampleField.json]))
        #expect(report.json["dataQuality"] == .double(0.941))
    }

    @Test func aField() {
        #expect(
            text(.field(sampleField, clock)) == """
                Field             connections/crm/entities/customers/fields/country
                Display name      Country
                API label         country
                Type              text
                Marks             required
                Data updated      2026-11-23 19:53:20 (14 min 47 s ago)
                Metadata fetched  2026-11-23 19:53:30 (14 min 37 s ago)
                Figures of        2026-11-23 19:53:30 (14 min 37 s ago)
                Rows              100
                Values            80
                Null values       20 %
                Distinct values   3
                Minimum           de
                Maximum           日本
                Length            2 to 12 characters

                Top values
                VALUE    COUNT   SHARE
                de          60  75.0 %  ██████████████████████████████
                日本        15  18.8 %  ███████▌
                (empty)      5   6.3 %  ██▌
                """)
    }

    @Test func aFewOfTheTopValues() {
        var field = sampleField
        field.minimum = .with { $0.text = "a\nb" }
        let shown = text(.field(field, clock, top: 2))
        #expect(shown.contains("Minimum           a\\nb"))
        #expect(shown.hasSuffix("… and 1 more; --top takes more."))
        #expect(!shown.contains("(empty)"))
    }

    @Test func whatIsEstimatedSaysSo() {
        var field = sampleField
        field.approximate = true
        field.distinctCount = 1_200_000
        field.topValuesError = 4
        let shown = text(.field(field, clock))
        #expect(shown.contains("Distinct values   ≈ 1,200,000"))
        #expect(shown.contains("≈ Each count may be too low by up to 4 (5 %),"))
        var entity = sampleEntity
        entity.qualityApproximate = true
        #expect(text(.entity(entity, clock)).contains("≈ 94.1 % (completeness 96.4 %, repetition ≈ 2.3 %)"))
    }

    @Test func whatIsMaskedIsNowhere() {
        var field = sampleField
        field.sensitive = true
        field.minimum = .with { $0.masked = true }
        field.maximum = field.minimum
        field.topValues = field.topValues.map { top in
            var top = top
            top.value = .with { $0.masked = true }
            return top
        }
        let report = Report.field(field, clock)
        #expect(text(report).contains("Minimum           •••"))
        #expect(!text(report).contains("日本"))
        #expect(report.json["minimum"] == ["masked": true])
        let records = ListRecordsResponse.with {
            $0.fields = ["id", "iban", "fax"]
            $0.records = [.with { $0.values = [.with { $0.text = "1" }, .with { $0.masked = true }, Value()] }]
        }
        #expect(
            text(.records(records, why: false, clock)) == """
                id  iban  fax
                1   •••   ∅
                """)
        #expect(
            Report.records(records, why: false, clock).json["records"]
                == [["values": ["id": "1", "iban": .null, "fax": .null], "masked": ["iban"]]])
    }

    /// Numbers that no daemon of ours sends are shown, not trapped on.
    @Test func extremeFiguresAreShown() {
        var field = sampleField
        field.valueCount = .min
        field.rowCount = .max
        field.distinctCount = .min
        field.mean = .nan
        field.shortestLength = .min
        field.longestLength = .max
        field.topValuesError = .max
        field.topValues = [
            .with {
                $0.count = .min
                $0.share = .infinity
            },
            .with {
                $0.count = .max
                $0.share = -.nan
                $0.truncated = true
            },
        ]
        #expect(!text(.field(field, clock), width: 20).isEmpty)
        #expect(!text(.fields([field]), width: 20).isEmpty)
        #expect(!field.json.written(.compact).contains("nan"))
        var run = sampleRun(.succeeded)
        run.stages = [
            .with {
                $0.busyTime = .with { $0.seconds = .max }
                $0.bytes = .max
                $0.rowsPerSecond = .infinity
                $0.bytesPerSecond = 1e300
            }, .with { $0.busyTime = .with { $0.seconds = .min } },
        ]
        #expect(!text(.run(run, clock), width: 20).isEmpty)
        #expect(!run.json.written(.compact).contains("inf"))
        var store = CausewayMessages.StoreFigures()
        store.connections = [.with { $0.bytes = .max }, .with { $0.bytes = .min }]
        store.tables = [.with { $0.entries = .max }]
        #expect(!text(.store(store), width: 20).isEmpty)
        #expect(!text(.overviews([.with { $0.totalRecords = .max }, .with { $0.totalRecords = .max }], clock)).isEmpty)
    }

    @Test func theHistoryOfMetadata() {
        let changes: [MetadataChange] = [
            .with {
                $0.createTime = time(1_795_460_000)
                $0.fields = [
                    .with {
                        $0.apiLabel = "email"
                        $0.kind = .edited
                        $0.before = "display_name"
                        $0.after = "E-mail"
                    }
                ]
            },
            .with {
                $0.createTime = time(1_795_400_000)
                $0.run = "connections/crm/runs/7"
                $0.fields = [
                    .with {
                        $0.apiLabel = "amount"
                        $0.kind = .widened
                        $0.before = "INTEGER"
                        $0.after = "DECIMAL"
                    },
                    .with {
                        $0.apiLabel = "fax"
                        $0.kind = .missing
                    },
                ]
            },
        ]
        #expect(
            text(.metadataChanges(changes, hasMore: false, clock)) == """
                WHEN                 BY     FIELD   CHANGE   DETAIL
                2026-11-23 19:53:20  edit   email   edited   display_name: E-mail
                2026-11-23 03:13:20  run 7  amount  widened  INTEGER → DECIMAL
                                            fax     missing
                """)
    }
}
