import CausewayCore
import CausewayMessages
import Testing

@testable import CausewayCommands

/// Where the time, the bytes and the past went.
@Suite struct InstallationReportTests {
    private let clock = testClock

    private func text(_ report: Report, width: Int? = nil) -> String {
        report.lines(width: width, colours: false).joined(separator: "\n")
    }

    @Test func theStagesOfARun() {
        var run = sampleRun(.succeeded) {
            $0.rowsRead = 100
            $0.rowsNew = 98
            $0.rowsUpdated = 2
            $0.rowsSuperseded = 2
        }
        run.stages = [
            .with {
                $0.stage = "read"
                $0.busyTime = .with { $0.nanos = 500_000_000 }
                $0.bytes = 27_000_000
                $0.bytesPerSecond = 54_000_000
            },
            .with {
                $0.stage = "scan"
                $0.busyTime = .with { $0.seconds = 2 }
                $0.bytes = 27_000_000
                $0.rows = 100
                $0.bytesPerSecond = 13_500_000
                $0.rowsPerSecond = 50
            },
        ]
        run.slowestStage = "scan"
        let shown = text(.run(run, clock))
        #expect(shown.contains("Superseded     2 rows had the key of a row that came later; the last one stays"))
        #expect(
            shown.hasSuffix(
                """
                Stages
                STAGE   BUSY    BYTES    BYTES/S  ROWS  ROWS/S
                read   0.5 s  27.0 MB  54.0 MB/s                ███████▌
                scan   2.0 s  27.0 MB  13.5 MB/s   100      50  ██████████████████████████████
                """))
        #expect(text(.outcome(run)).contains("; slowest stage: scan."))
        #expect(Report.run(run, clock).json["stages"] != nil)
    }

    @Test func whereTheBytesAre() {
        let store = CausewayMessages.StoreFigures.with {
            $0.tables = [
                .with {
                    $0.table = "keys"
                    $0.entries = 2
                    $0.bytes = 1_000
                },
                .with {
                    $0.table = "segments"
                    $0.entries = 4
                    $0.bytes = 8_000
                },
            ]
            $0.connections = [
                .with {
                    $0.connection = "connections/crm"
                    $0.bytes = 9_000
                    $0.recordBytes = 8_000
                    $0.deadRecordBytes = 3_000
                    $0.indexBytes = 1_000
                }
            ]
        }
        #expect(
            text(.store(store), width: 80).hasSuffix(
                """
                Connections
                CONNECTION   BYTES  RECORDS    DEAD    KEYS  STATISTICS  QUARANTINE  OTHER
                crm         9.0 kB   8.0 kB  3.0 kB  1.0 kB         0 B         0 B    0 B

                Tables
                TABLE     ENTRIES   BYTES
                segments        4  8.0 kB  ██████████████████████████████
                keys            2  1.0 kB  ███▊
                """))
    }

    @Test func howLongThingsAreKept() {
        let organisation = Organisation.with {
            $0.displayName = "Acme"
            $0.timeZone = "UTC"
            $0.retention = .with {
                $0.runDays = -1
                $0.quarantineDays = 7
            }
        }
        #expect(
            text(.organisation(organisation, clock)) == """
                Name               Acme
                Time zone          UTC
                Runs kept          for ever
                Logs of runs kept  30 days, the default
                Quarantine kept    7 days
                                   of a connection at most 1,000,000 rows, the default
                """)
    }
}
