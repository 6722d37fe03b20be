using Whorl.Fingerprints.Quic;

namespace Whorl.Fingerprints.Tests.Quic;

public sealed class QuicInitialKeysTests
{
    // RFC 9001 §A.1, RFC 9369 §A.1; the drafts with the same id, computed by other code.
    [Theory]
    [InlineData(0x00000001, true, "1f369613dd76d5467730efcbe3b1a22d", "fa044b2f42a3fd3b46fb255c", "9f50449e04a0e810283a1e9933adedd2")]
    [InlineData(0x00000001, false, "cf3a5331653c364c88f0f379b6067e37", "0ac1493ca1905853b0bba03e", "c206b8d9b9f0f37644430b490eeaa314")]
    [InlineData(0x6b3343cf, true, "8b1a0bc121284290a29e0971b5cd045d", "91f73e2351d8fa91660e909f", "45b95e15235d6f45a6b19cbcb0294ba9")]
    [InlineData(0x6b3343cf, false, "82db637861d55e1d011f19ea71d5d2a7", "dd13c276499c0249d3310652", "edf6d05c83121201b436e16877593c3a")]
    [InlineData(0xff00001d, true, "175257a31eb09dea9366d8bb79ad80ba", "6b26114b9cba2b63a9e8dd4f", "9ddd12c994c0698b89374a9c077a3077")]
    [InlineData(0xff00001b, false, "5d51da9ee897a21b2659ccc7e5bfa577", "5e5ae651fd1e8495af13508b", "a8ed82e6664f865aedf6106943f95fb8")]
    public void The_keys_of_the_example_connection_are_those_of_the_rfc(uint version, bool ofClient, string key, string iv, string headerKey)
    {
        QuicInitialKeys keys = QuicInitialKeys.Derive(version, SealedPackets.FirstId, ofClient)!;

        Convert.ToHexStringLower(keys.Key.Span).ShouldBe(key);
        Convert.ToHexStringLower(keys.Iv.Span).ShouldBe(iv);
        Convert.ToHexStringLower(keys.HeaderKey.Span).ShouldBe(headerKey);
    }

    [Fact]
    public void A_version_without_known_constants_has_no_keys()
    {
        QuicInitialKeys.Derive(0x51303433, SealedPackets.FirstId, ofClient: true).ShouldBeNull();
        QuicVersions.IsKnown(0x51303433).ShouldBeFalse();
        QuicVersions.IsKnown(0x1A2A3A4A).ShouldBeTrue();
        QuicVersions.IsReserved(0x1A2A3A4A).ShouldBeTrue();
    }
}
