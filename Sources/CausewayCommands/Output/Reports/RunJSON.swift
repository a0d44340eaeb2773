import CausewayCore
import CausewayMessages

// Runs as documents, with the names of protobuf's JSON mapping; counts are numbers and never left out.

extension Run {
    var json: JSONValue {
        .members([
            "name": .string(name),
            "kind": .string(kind.description),
            "trigger": .string(trigger.description),
            "state": .string(state.description),
            "createTime": .time(createTime),
            "startTime": .time(startTime),
            "endTime": .time(endTime),
            "slotTime": .time(slotTime),
            "activity": .text(activity),
            "counters": (counters ?? RunCounters()).json,
            "entities": .list(
                entities.map { part in
                    ["entity": .string(part.entity), "counters": (part.counters ?? RunCounters()).json]
                }),
            "stages": .list(stages.map(\.json)),
            "slowestStage": .text(slowestStage),
            "subject": .text(subject),
            "error": error?.json,
        ])
    }
}

extension RunCounters {
    var json: JSONValue {
        [
            "filesListed": .integer(filesListed),
            "filesRead": .integer(filesRead),
            "filesSkipped": .integer(filesSkipped),
            "filesHeld": .integer(filesHeld),
            "filesFailed": .integer(filesFailed),
            "bytesTotal": .integer(bytesTotal),
            "bytesRead": .integer(bytesRead),
            "rowsRead": .integer(rowsRead),
            "rowsNew": .integer(rowsNew),
            "rowsUpdated": .integer(rowsUpdated),
            "rowsUnchanged": .integer(rowsUnchanged),
            "rowsQuarantined": .integer(rowsQuarantined),
            "rowsSuperseded": .integer(rowsSuperseded),
            "reconnects": .integer(reconnects),
        ]
    }
}

extension RunStage {
    var json: JSONValue {
        [
            "stage": .string(stage),
            "busySeconds": .double(Double((busyTime?.length ?? .zero).microseconds) / 1e6),
            "bytes": .integer(bytes),
            "rows": .integer(rows),
            "bytesPerSecond": .double(bytesPerSecond),
            "rowsPerSecond": .double(rowsPerSecond),
        ]
    }
}

extension RunError {
    var json: JSONValue {
        [
            "code": .integer(Int64(code)),
            "reason": .string(reason),
            "message": .string(message),
            "retryable": .boolean(retryable),
        ]
    }
}

extension LogEntry {
    var json: JSONValue {
        .members([
            "time": .time(time),
            "level": .string(level.description),
            "message": .string(message),
            "fields": fields.isEmpty ? nil : .object(fields.mapValues(JSONValue.string)),
        ])
    }
}
