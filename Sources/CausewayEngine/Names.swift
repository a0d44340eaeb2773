package import CausewayCore

// The API's messages have some of the same names; in the engine these are the values that decide.
package typealias Schedule = CausewayCore.Schedule
package typealias SettingValue = CausewayCore.SettingValue
package typealias EntitySettings = CausewayCore.EntitySettings
package typealias Direction = CausewayCore.Direction
