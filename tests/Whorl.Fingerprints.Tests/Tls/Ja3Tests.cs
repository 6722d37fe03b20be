using Whorl.Fingerprints.Tls;
using Whorl.Fingerprints.Wire;

namespace Whorl.Fingerprints.Tests.Tls;

public sealed class Ja3Tests
{
    // The examples in the README of salesforce/ja3.
    [Theory]
    [InlineData("769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0", "ada70206e40642a3e4461f35503241d5")]
    [InlineData("769,4-5-10-9-100-98-3-6-19-18-99,,,", "de350869b8c85de67a350c8d186f11e6")]
    public void The_published_examples_give_the_published_hash(string text, string hash)
    {
        ClientHello hello = HelloOf(text);

        Ja3.Text(hello).ShouldBe(text);
        Ja3.Hash(hello).ShouldBe(hash);
    }

    [Fact]
    public void Grease_is_left_out_of_ciphers_extensions_and_groups_but_not_of_point_formats()
    {
        byte[] message = new HelloBytes { Ciphers = [0x0A0A, 0x1301, 0xFAFA] }
            .With(0x2A2A).WithList16(10, 0x3A3A, 29).With(11, 2, 0, 0x0A).With(0x8A8A, 0).Message();

        ClientHello.TryParse(message, out ClientHello? hello).ShouldBe(ParseStatus.Done);

        Ja3.Text(hello!).ShouldBe("771,4865,10-11,29,0-10");
    }

    [Fact]
    public void Numbers_that_only_resemble_grease_are_kept()
    {
        byte[] message = new HelloBytes { Ciphers = [0x0A1A, 0x0B0B, 0x1A0A] }.Message();

        ClientHello.TryParse(message, out ClientHello? hello).ShouldBe(ParseStatus.Done);

        Ja3.Text(hello!).ShouldBe("771,2586-2827-6666,,,");
    }

    [Fact]
    public void The_hash_is_written_in_place_and_refused_where_it_does_not_fit()
    {
        ClientHello hello = HelloOf("771,4865,0,29,0");
        char[] place = new char[Ja3.HashLength];

        Ja3.TryWriteHash(hello, place).ShouldBeTrue();
        new string(place).ShouldBe(Ja3.Hash(hello));
        Ja3.TryWriteHash(hello, place.AsSpan(1)).ShouldBeFalse();
    }

    // Builds the hello that a JA3 text describes.
    private static ClientHello HelloOf(string text)
    {
        ushort[][] fields = [.. text.Split(',').Select(static f => f.Length == 0 ? [] : f.Split('-').Select(ushort.Parse).ToArray())];
        HelloBytes bytes = new() { Version = fields[0][0], Ciphers = fields[1] };
        foreach (ushort type in fields[2])
        {
            bytes = type switch
            {
                10 => bytes.WithList16(10, fields[3]),
                11 => bytes.With(11, [(byte)fields[4].Length, .. fields[4].Select(static f => (byte)f)]),
                _ => bytes.With(type),
            };
        }

        ClientHello.TryParse(bytes.Message(), out ClientHello? hello).ShouldBe(ParseStatus.Done);
        return hello!;
    }
}
