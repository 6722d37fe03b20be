using Whorl.Kernel.Writing;

namespace Whorl.Tests.Kernel;

public sealed class ShortTextTests
{
    [Theory]
    [InlineData("", 0, "")]
    [InlineData("ab", 2, "ab")]
    [InlineData("abc", 2, "ab")]
    [InlineData("abc", 0, "")]
    [InlineData("a\U0001F4B0", 3, "a\U0001F4B0")]
    [InlineData("a\U0001F4B0b", 2, "a")]
    [InlineData("a\U0001F4B0b", 3, "a\U0001F4B0")]
    public void A_text_is_cut_before_a_pair_and_never_amid_it(string text, int length, string expected) => ShortText.Cut(text, length).ShouldBe(expected);
}
