import CausewayCore
import Testing

@Suite struct EveryScheduleTests {
    let calculator = ScheduleCalculator(rules: TransitionRules.world, organisationZone: "Europe/Paris")
    let anchor = at("2026-03-28T22:17:05Z")

    @Test func countsFromItsAnchorInElapsedTime() throws {
        let schedule = Schedule(.every(.seconds(7_200), anchor: anchor))
        // Over the change of the clocks: elapsed time, not wall-clock time.
        #expect(try calculator.nextSlot(of: schedule, after: anchor) == at("2026-03-29T00:17:05Z"))
        #expect(try calculator.nextSlot(of: schedule, after: at("2026-03-29T00:17:04Z")) == at("2026-03-29T00:17:05Z"))
        #expect(try calculator.nextSlot(of: schedule, after: at("2026-03-29T00:17:05Z")) == at("2026-03-29T02:17:05Z"))
        #expect(try calculator.nextSlot(of: schedule, after: at("2026-03-29T12:00:00Z")) == at("2026-03-29T12:17:05Z"))
    }

    @Test func theFirstSlotIsOnePeriodAfterTheAnchorEvenWhenTheClockWasPutBack() throws {
        let schedule = Schedule(.every(.seconds(60), anchor: anchor))
        #expect(try calculator.nextSlot(of: schedule, after: at("2020-01-01T00:00:00Z")) == anchor + .seconds(60))
    }

    @Test func aRunBetweenSlotsMovesNothingAndAnEditDoes() throws {
        let schedule = Schedule(.every(.seconds(3_600), anchor: anchor))
        let manualRun = anchor + .seconds(1_800)
        #expect(try calculator.nextSlot(of: schedule, after: manualRun) == anchor + .seconds(3_600))
        let edited = schedule.anchored(at: manualRun)
        #expect(try calculator.nextSlot(of: edited, after: manualRun) == anchor + .seconds(5_400))
        #expect(edited.isSameButForAnchor(schedule))
        #expect(!edited.isSameButForAnchor(Schedule(.every(.seconds(7_200), anchor: manualRun))))
    }

    @Test func spansAreCountedWithoutAList() throws {
        let schedule = Schedule(.every(.seconds(60), anchor: at("2026-01-01T00:00:00Z")))
        let span = try calculator.slots(
            of: schedule, after: at("2026-01-01T00:01:00Z"), through: at("2036-01-01T00:00:00Z"))
        #expect(
            span
                == SlotSpan(
                    first: at("2026-01-01T00:02:00Z"), last: at("2036-01-01T00:00:00Z"), count: 3_652 * 1_440 - 1))
        #expect(
            try calculator.slots(
                of: schedule, after: at("2026-01-01T00:01:00Z"), through: at("2026-01-01T00:01:59Z")) == nil)
    }

    @Test func dailySpansStopCountingAtTheLimit() throws {
        let schedule = Schedule(.daily(LocalTime(secondOfDay: 9_000), zone: "Europe/Paris"))
        let (start, end) = (at("2026-01-01T00:00:00Z"), at("2026-12-31T00:00:00Z"))
        let exact = try #require(try calculator.slots(of: schedule, after: start, through: end))
        #expect(exact.count == 364 && exact.isCountExact)
        #expect(exact.first == at("2026-01-01T01:30:00Z") && exact.last == at("2026-12-30T01:30:00Z"))
        let bounded = try #require(try calculator.slots(of: schedule, after: start, through: end, limit: 10))
        #expect(bounded.count == 10 && !bounded.isCountExact && bounded.last == exact.last)
    }

    @Test("instants out of all bounds give no slot and no trap", arguments: [Int64.min, .min + 1, .max, .max - 1])
    func extremes(micros: Int64) throws {
        let extreme = Timestamp(micros: micros)
        let kinds: [Schedule.Kind] = [
            .manual, .every(.seconds(60), anchor: anchor), .every(.seconds(60), anchor: extreme),
            .daily(LocalTime(secondOfDay: 60), zone: "Europe/Paris"),
        ]
        for kind in kinds {
            let schedule = Schedule(kind)
            #expect(try calculator.nextSlot(of: schedule, after: extreme) == nil)
            #expect(try calculator.slots(of: schedule, after: extreme, through: extreme) == nil)
            #expect(try calculator.explain(schedule, after: extreme, count: 3).isEmpty)
        }
        #expect(try calculator.nextSlot(of: Schedule(.every(.seconds(60), anchor: extreme)), after: anchor) == nil)
    }
}

@Suite struct ScheduleValidationTests {
    @Test(
        "refused",
        arguments: [
            Schedule.Kind.every(.seconds(59), anchor: Timestamp(micros: 0)),
            .every(.zero, anchor: Timestamp(micros: 0)),
            .every(.seconds(-60), anchor: Timestamp(micros: 0)),
            .every(.seconds(366 * 86_400 + 1), anchor: Timestamp(micros: 0)),
            .every(.milliseconds(60_500), anchor: Timestamp(micros: 0)),
            .daily(LocalTime(secondOfDay: 86_400), zone: nil), .daily(LocalTime(secondOfDay: -60), zone: nil),
            .daily(LocalTime(secondOfDay: 61), zone: nil), .daily(LocalTime(secondOfDay: 0), zone: "Mars/Olympus"),
            .daily(LocalTime(secondOfDay: 0), zone: ""),
        ])
    func refused(kind: Schedule.Kind) throws {
        let error = #expect(throws: CausewayError.self) { try Schedule(kind).validate(with: TransitionRules.world) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.violations.first?.field.hasPrefix("schedule.") == true)
    }

    @Test func accepted() throws {
        for period in Schedule.offeredPeriods + [Schedule.periods.lowerBound, Schedule.periods.upperBound] {
            try Schedule(.every(period, anchor: Timestamp(micros: 0))).validate(with: TransitionRules.world)
        }
        try Schedule(.daily(LocalTime(secondOfDay: 86_340), zone: "Asia/Kolkata")).validate(with: TransitionRules.world)
        try Schedule.manual.validate(with: TransitionRules.world)
        #expect(Schedule.offeredPeriods.map(\.text) == ["15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "7d"])
    }
}

@Suite struct ScheduleExplanationTests {
    let calculator = ScheduleCalculator(rules: TransitionRules.world, organisationZone: "Europe/Paris")

    @Test func saysWhyAtAGap() throws {
        let schedule = Schedule(.daily(LocalTime(secondOfDay: 9_000), zone: nil))
        let firings = try calculator.explain(schedule, after: at("2026-03-28T12:00:00Z"), count: 2)
        #expect(firings.map(\.time) == [at("2026-03-29T01:00:00Z"), at("2026-03-30T00:30:00Z")])
        #expect(firings.map(\.localTime) == ["2026-03-29 03:00 CEST", "2026-03-30 02:30 CEST"])
        #expect(
            firings.map(\.reason) == [
                "02:30 does not exist on 2026-03-29 in Europe/Paris; first instant after the gap",
                "daily at 02:30 in Europe/Paris",
            ])
    }

    @Test func saysWhyAtAnOverlapAndASkippedDate() throws {
        let paris = Schedule(.daily(LocalTime(secondOfDay: 9_000), zone: "Europe/Paris"))
        let first = try calculator.explain(paris, after: at("2026-10-24T12:00:00Z"), count: 1)
        #expect(first.first?.localTime == "2026-10-25 02:30 CEST")
        #expect(first.first?.reason == "02:30 occurs twice on 2026-10-25 in Europe/Paris; the first of the two")
        let apia = Schedule(.daily(LocalTime(secondOfDay: 36_000), zone: "Pacific/Apia"))
        let second = try calculator.explain(apia, after: at("2011-12-29T21:00:00Z"), count: 1)
        #expect(second.first?.localTime == "2011-12-31 10:00 +14")
        #expect(
            second.first?.reason
                == "daily at 10:00 in Pacific/Apia; the date 2011-12-30 does not exist in Pacific/Apia")
    }

    @Test func periodsAreCounted() throws {
        let schedule = Schedule(.every(.seconds(5_400), anchor: at("2026-01-01T00:00:05Z")))
        let firings = try calculator.explain(schedule, after: at("2026-01-01T12:00:00Z"), count: 1)
        #expect(
            firings.first?.localTime == "2026-01-01 13:00:05 CET"
                || firings.first?.localTime == "2026-01-01 13:30:05 CET")
        #expect(firings.first?.reason == "8 × 1h30m after 2026-01-01T00:00:05Z")
    }

    @Test func manualHasNoneAndCountsAreBounded() throws {
        #expect(try calculator.explain(.manual, after: at("2026-01-01T00:00:00Z"), count: 5).isEmpty)
        let schedule = Schedule(.every(.seconds(60), anchor: at("2026-01-01T00:00:00Z")))
        #expect(try calculator.explain(schedule, after: at("2026-01-01T00:00:00Z"), count: 5_000).count == 100)
        #expect(try calculator.explain(schedule, after: at("2026-01-01T00:00:00Z"), count: -1).isEmpty)
    }

    @Test func summaries() {
        #expect(calculator.summary(of: .manual) == "only when asked")
        #expect(
            calculator.summary(of: Schedule(.every(.seconds(900), anchor: at("2026-01-01T00:00:00Z"))))
                == "every 15m, counted from 2026-01-01T00:00:00Z")
        #expect(
            calculator.summary(of: Schedule(.daily(LocalTime(secondOfDay: 9_000), zone: nil)))
                == "daily at 02:30 in Europe/Paris, the organisation's time zone")
    }
}

@Suite struct CatchUpDecisionTests {
    let calculator = ScheduleCalculator(rules: TransitionRules.world, organisationZone: "UTC")
    func hourly(_ catchUp: Schedule.CatchUp) -> Schedule {
        Schedule(.every(.seconds(3_600), anchor: at("2026-01-01T00:00:00Z")), catchUp: catchUp)
    }

    @Test func aSlotOnTimeRuns() throws {
        for catchUp in Schedule.CatchUp.allCases {
            let decision = try calculator.decide(
                hourly(catchUp), due: at("2026-01-01T05:00:00Z"), now: at("2026-01-01T05:00:02Z"))
            #expect(decision.run == at("2026-01-01T05:00:00Z") && !decision.isCatchUp)
            #expect(decision.skipped == nil && decision.next == at("2026-01-01T06:00:00Z"))
        }
    }

    @Test func manyMissedSlotsMakeOneRun() throws {
        let decision = try calculator.decide(
            hourly(.runOnce), due: at("2026-01-01T05:00:00Z"), now: at("2026-01-02T05:30:00Z"))
        #expect(decision.run == at("2026-01-02T05:00:00Z") && decision.isCatchUp)
        #expect(
            decision.skipped
                == SlotSpan(first: at("2026-01-01T05:00:00Z"), last: at("2026-01-02T04:00:00Z"), count: 24))
        #expect(decision.reason == .caughtUp && decision.next == at("2026-01-02T06:00:00Z"))
    }

    @Test func withoutCatchUpAllAreSkipped() throws {
        let decision = try calculator.decide(
            hourly(.skip), due: at("2026-01-01T05:00:00Z"), now: at("2026-01-02T05:30:00Z"))
        #expect(decision.run == nil && decision.reason == .missed && decision.next == at("2026-01-02T06:00:00Z"))
        #expect(
            decision.skipped
                == SlotSpan(first: at("2026-01-01T05:00:00Z"), last: at("2026-01-02T05:00:00Z"), count: 25))
    }

    @Test func withoutCatchUpTheSlotThatIsJustDueStillRuns() throws {
        let decision = try calculator.decide(
            hourly(.skip), due: at("2026-01-01T05:00:00Z"), now: at("2026-01-01T07:00:10Z"))
        #expect(decision.run == at("2026-01-01T07:00:00Z") && !decision.isCatchUp)
        #expect(
            decision.skipped
                == SlotSpan(first: at("2026-01-01T05:00:00Z"), last: at("2026-01-01T06:00:00Z"), count: 2))
    }

    @Test func aClockPutBackRunsNothing() throws {
        let decision = try calculator.decide(
            hourly(.runOnce), due: at("2026-01-01T05:00:00Z"), now: at("2026-01-01T03:10:00Z"))
        #expect(decision.run == nil && decision.skipped == nil && decision.next == at("2026-01-01T05:00:00Z"))
    }

    @Test func nothingPersistedMeansTheNextSlot() throws {
        let decision = try calculator.decide(hourly(.runOnce), due: nil, now: at("2026-01-01T03:10:00Z"))
        #expect(decision.run == nil && decision.next == at("2026-01-01T04:00:00Z"))
        let manual = try calculator.decide(.manual, due: at("2026-01-01T01:00:00Z"), now: at("2026-01-01T03:10:00Z"))
        #expect(manual.run == nil && manual.next == nil && manual.skipped == nil)
    }

    @Test func aSlotOfOlderRulesCountsAsOne() throws {
        // Persisted as 01:30, but the schedule is daily at 02:30 today.
        let schedule = Schedule(.daily(LocalTime(secondOfDay: 9_000), zone: "UTC"))
        let decision = try calculator.decide(schedule, due: at("2026-01-01T01:30:00Z"), now: at("2026-01-02T12:00:00Z"))
        #expect(decision.run == at("2026-01-02T02:30:00Z"))
        #expect(
            decision.skipped
                == SlotSpan(first: at("2026-01-01T01:30:00Z"), last: at("2026-01-01T02:30:00Z"), count: 2))
    }
}
