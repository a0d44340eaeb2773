import CausewayMessages

// The installation as documents, with the names of protobuf's JSON mapping.

extension ActorTree {
    var json: JSONValue {
        .members([
            "runningRuns": .integer(Int64(runningRuns)),
            "queuedRuns": .integer(Int64(queuedRuns)),
            "runPermits": .integer(Int64(runPermits)),
            "actorCount": .integer(actorCount),
            "startTime": .time(startTime),
            "actors": .array(actors.map(\.json)),
        ])
    }
}

extension ActorInfo {
    var json: JSONValue {
        .members([
            "connection": .string(connection),
            "state": .string(state),
            "currentRun": .text(currentRun),
            "nextRunTime": .time(nextRunTime),
            "restarts": .integer(Int64(restarts)),
            "lastFailure": .text(lastFailure),
        ])
    }
}

extension StoreFigures {
    var json: JSONValue {
        [
            "path": .string(path),
            "fileBytes": .integer(fileBytes),
            "usedBytes": .integer(usedBytes),
            "freeBytes": .integer(freeBytes),
            "mapBytes": .integer(mapBytes),
            "diskFreeBytes": .integer(diskFreeBytes),
            "lastTransaction": .integer(lastTransaction),
            "readers": .integer(Int64(readers)),
            "oldestReaderLag": .integer(oldestReaderLag),
            "commits": .integer(commits),
            "units": .integer(units),
            "longestWriteMicros": .integer(longestWriteMicros),
            "tables": .array(
                tables.map {
                    ["table": .string($0.table), "entries": .integer($0.entries), "bytes": .integer($0.bytes)]
                }),
            "connections": .array(connections.map(\.json)),
        ]
    }
}

extension ConnectionFigures {
    var json: JSONValue {
        [
            "connection": .string(connection),
            "bytes": .integer(bytes),
            "recordBytes": .integer(recordBytes),
            "deadRecordBytes": .integer(deadRecordBytes),
            "indexBytes": .integer(indexBytes),
            "statisticsBytes": .integer(statisticsBytes),
            "quarantineBytes": .integer(quarantineBytes),
            "otherBytes": .integer(otherBytes),
        ]
    }
}

extension Retention {
    /// 0: the default, -1: for ever.
    var json: JSONValue {
        [
            "runDays": .integer(runDays),
            "logDays": .integer(logDays),
            "quarantineDays": .integer(quarantineDays),
            "quarantineRows": .integer(quarantineRows),
        ]
    }
}

extension BackUpProgress {
    var json: JSONValue {
        [
            "phase": .string(phase.description), "copiedBytes": .integer(copiedBytes),
            "totalBytes": .integer(totalBytes),
        ]
    }
}
