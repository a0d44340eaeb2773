import CausewayCore

/// Runs a group of jobs in one transaction.
struct WriteGroup {
    struct Results {
        /// One for each job, in their order.
        var outcomes: [Result<UInt64, CausewayError>]
        var didCommit = false
        /// Jobs that are durable.
        var applied = 0
    }

    private let environment: SharedEnvironment
    private let options: StoreOptions

    init(_ environment: SharedEnvironment, _ options: StoreOptions) {
        self.environment = environment
        self.options = options
    }

    /// Never throws: each job has its own outcome.
    func run(_ jobs: [Writer.Job], _ health: inout WriterHealth) -> Results {
        let room = jobs.contains { $0.bytes > options.smallUnitBytes } ? DiskRoom(environment.folder) : nil
        let isLow = room.map { $0.free < options.lowWater.mark(of: $0.total) } ?? false
        do throws(LMDBError) {
            let results = try attempt(jobs, isLow: isLow)
            if results.didCommit { health.failuresInARow = 0 }
            return results
        } catch {
            if error.isDisk || error.isPanic || jobs.count == 1 { return failed(jobs, error, &health) }
            // Something about one of them: each alone, so that it harms only itself.
            return alone(jobs, &health)
        }
    }

    private func attempt(_ jobs: [Writer.Job], isLow: Bool) throws(LMDBError) -> Results {
        var results = Results(outcomes: [])
        var transaction = try WriteTransaction(environment.environment)
        for job in jobs {
            guard !isLow || job.bytes <= options.smallUnitBytes else {
                results.outcomes.append(.failure(.storeFull("The disk of the store is nearly full.")))
                continue
            }
            switch try apply(job.work, to: &transaction) {
            case .applied(let number):
                results.outcomes.append(.success(number))
                results.applied += 1
            case .refused(let error): results.outcomes.append(.failure(error))
            }
        }
        guard results.applied > 0 else { return results }
        try transaction.commit()
        results.didCommit = true
        return results
    }

    private func apply(
        _ work: Writer.Job.Work, to transaction: inout WriteTransaction
    ) throws(LMDBError) -> UnitOutcome {
        switch work {
        case .unit(let unit): return try UnitApplication.apply(unit, to: &transaction)
        case .units(let units): return try UnitApplication.apply(together: units, to: &transaction)
        case .nextEpoch:
            let next = (try transaction.meta(.epoch) ?? 0) + 1
            try transaction.setMeta(.epoch, next)
            return .applied(next)
        }
    }

    private func alone(_ jobs: [Writer.Job], _ health: inout WriterHealth) -> Results {
        var results = Results(outcomes: [])
        for job in jobs {
            guard health.fatal == nil else {
                results.outcomes.append(.failure(.storeStopped))
                continue
            }
            let one = run([job], &health)
            results.outcomes += one.outcomes
            results.didCommit = results.didCommit || one.didCommit
            results.applied += one.applied
        }
        return results
    }

    /// A transaction that did not come to its end, or whose end is not known.
    private func failed(_ jobs: [Writer.Job], _ cause: LMDBError, _ health: inout WriterHealth) -> Results {
        let error: CausewayError
        if environment.isPanicked() {
            error = cause.isPanic ? .storeStopped : .outcomeUnknown(cause)
            health.fatal = error
        } else {
            let bytes = jobs.reduce(0) { $0 + $1.bytes }
            error = cause.whileWriting(bytes: bytes, room: DiskRoom(environment.folder))
            health.failuresInARow = error.reason == "STORE_IO" ? health.failuresInARow + 1 : 0
            if health.failuresInARow >= WriterHealth.greatestFailuresInARow { health.fatal = error }
        }
        return Results(outcomes: jobs.map { _ in .failure(error) })
    }
}
