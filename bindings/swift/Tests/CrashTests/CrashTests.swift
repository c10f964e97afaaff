import Foundation
import Healthcode
import HealthcodeCrash
import XCTest

/// A panic, which nothing of the shipped library should ever raise, is an error on this side, and the process lives.
final class CrashTests: XCTestCase {
  func testAPanicIsAnErrorAndTheLibraryGoesOn() async throws {
    for _ in 0..<3 {
      XCTAssertThrowsError(try crash())
      do {
        try await crashLater()
        XCTFail("it did not throw")
      } catch {}
    }
    XCTAssertNoThrow(try nothing())
    let card = Card(subject: "😀", maskedName: "*三", days: [1, 2, 3], waiting: nil)
    XCTAssertEqual(try echo(card: card), card)
  }

  func testAnObjectOutlivesAPanicUnderItsOwnLock() throws {
    let bomb = Bomb()
    XCTAssertEqual(try bomb.tick(), 1)
    XCTAssertThrowsError(try bomb.tick())
    XCTAssertEqual(try bomb.tick(), 3)
  }

  func testBothLibrariesWorkInOneProcess() throws {
    XCTAssertThrowsError(try crash())
    XCTAssertEqual(try drawLuminance("H1:A").side, 29)
  }
}
